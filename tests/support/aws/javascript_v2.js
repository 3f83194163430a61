// What a program with the AWS SDK for JavaScript, version 2, does that says nothing about credentials: it finds some, and
// asks who it is. Prints one line of JSON.
process.env.AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE = "1";
const AWS = require("aws-sdk");

const sts = new AWS.STS({ endpoint: process.env.STS, region: "eu-central-1" });
sts.getCallerIdentity({}, (error, identity) => {
    console.log(JSON.stringify(error ? { error: `${error.message} ${error.originalError ?? ""}` } : { arn: identity.Arn }));
});
