// The same as javascript_v2.js with version 3 of the AWS SDK for JavaScript.
const { fromNodeProviderChain } = require("@aws-sdk/credential-providers");
const { GetCallerIdentityCommand, STSClient } = require("@aws-sdk/client-sts");

async function main() {
    const credentials = fromNodeProviderChain({ timeout: 60000, maxRetries: 0 });
    const sts = new STSClient({ credentials, endpoint: process.env.STS, region: "eu-central-1" });
    return { arn: (await sts.send(new GetCallerIdentityCommand({}))).Arn };
}

main()
    .catch((error) => ({ error: `${error}` }))
    .then((found) => console.log(JSON.stringify(found)));
