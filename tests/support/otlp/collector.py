"""A collector of OpenTelemetry: reads what it is sent by OpenTelemetry's own messages, and prints it as JSON.

The first line is the port that it listens at, on this machine.
"""
from http.server import BaseHTTPRequestHandler, HTTPServer

from google.protobuf.json_format import MessageToJson
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as traces

MESSAGES = {
    "/v1/traces": (traces.ExportTraceServiceRequest, traces.ExportTraceServiceResponse),
    "/v1/logs": (logs.ExportLogsServiceRequest, logs.ExportLogsServiceResponse),
}


class Collector(BaseHTTPRequestHandler):
    def do_POST(self):
        request, response = MESSAGES[self.path]
        message = request.FromString(self.rfile.read(int(self.headers["Content-Length"])))
        print(MessageToJson(message, indent=None), flush=True)
        body = response().SerializeToString()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Collector)
print(server.server_port, flush=True)
server.serve_forever()
