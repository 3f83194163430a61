// What dockerode does at an engine, printed. Arguments: the options of the engine as JSON, a name that no other run has. The
// token of the gateway is in TOKEN; without it the address is dockerd's own. Each line must be the same in both cases.
const assert = require('assert');
const { PassThrough } = require('stream');
const Docker = require('dockerode');

const [options, name] = process.argv.slice(2);
const token = process.env.TOKEN;
const headers = token ? { Authorization: `Bearer ${token}` } : {};
const docker = new Docker({ ...JSON.parse(options), version: 'v1.41', headers });
const settings = { HostConfig: { NetworkMode: 'none' }, Labels: { run: name } };
const ticking = ['sh', '-c', 'i=0; while true; do echo $i; i=$((i+1)); sleep 0.1; done'];

const show = (what, value) => console.log(what, JSON.stringify(value));
const collect = (stream) => {
  let text = '';
  stream.on('data', (chunk) => { text += chunk; });
  return () => text;
};
const ended = (stream) => new Promise((resolve) => stream.on('end', resolve).on('close', resolve));

async function main() {
  show('version', (await docker.version()).ApiVersion);
  const output = new PassThrough();
  const written = collect(output);
  const [result, removed] = await docker.run('bb:1', ['echo', 'hello'], output, settings);
  await removed.remove();
  show('run', [written(), result.StatusCode]);

  const cat = await docker.createContainer({ Image: 'bb:1', Cmd: ['cat'], OpenStdin: true, StdinOnce: true, ...settings });
  const attached = await cat.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true });
  const copied = new PassThrough();
  const read = collect(copied);
  docker.modem.demuxStream(attached, copied, copied);
  await cat.start();
  attached.end('ok\n');
  await ended(attached);
  show('attach', [read(), (await cat.wait()).StatusCode]);
  await cat.remove();

  const web = await docker.createContainer({ name, Image: 'bb:1', Cmd: ticking, ...settings });
  await web.start();
  const exec = await web.exec({ Cmd: ['echo', 'inside'], AttachStdout: true, AttachStderr: true });
  const hijacked = await exec.start({ hijack: true, stdin: false });
  const inside = collect(hijacked);
  await ended(hijacked);
  show('exec', inside());
  const logs = await web.logs({ follow: true, stdout: true });
  const lines = [];
  await new Promise((resolve) => logs.on('data', (chunk) => lines.push(`${chunk.subarray(8)}`) === 3 && resolve()));
  logs.destroy();
  show('logs follow', lines.join('').slice(0, 6));
  show('stats', Object.keys(await web.stats({ stream: false })).sort());

  const events = await docker.getEvents({ filters: { label: [`run=${name}`], event: ['create'] } });
  const event = new Promise((resolve) => events.once('data', resolve));
  await (await docker.createContainer({ Image: 'bb:1', Cmd: ['true'], ...settings })).remove();
  show('events', JSON.parse(await event).Action);
  events.destroy();

  const build = await docker.buildImage(
    { context: __dirname, src: ['Dockerfile'] }, { t: `${name}:1`, networkmode: 'none' },
  );
  await new Promise((resolve, reject) => docker.modem.followProgress(build, (e) => (e ? reject(e) : resolve())));
  const made = new PassThrough();
  const content = collect(made);
  const [, built] = await docker.run(`${name}:1`, ['cat', '/made'], made, settings);
  await built.remove();
  show('build', content());
  await docker.getImage(`${name}:1`).remove();
  await docker.getContainer('no-such-container').inspect().catch((error) => show('not found', error.json));
  await web.remove({ force: true });

  if (token) {
    const create = docker.createContainer({ Image: 'bb:1', HostConfig: { Privileged: true, NetworkMode: 'none' } });
    await assert.rejects(create, (error) => error.statusCode === 403 && error.json.message.includes('rule privileged'));
  }
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
