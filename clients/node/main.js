// A participant that trains towards one number, as an example of how to write one in JavaScript:
//
//   npm ci
//   node main.js --server http://127.0.0.1:50051 --participant federations/demo/participants/node --key node.pem --target 3
//
// Its key is made with: openssl genpkey -algorithm ed25519 -out node.pem. A server that asks for an API key gets the one
// in the variable MFN_API_KEY.
import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { FinishReason, RoundState, UpdateAckStatus, VerdictKind } from "./gen/mfn_grpc/v1/federation_pb.js";
import { participate } from "./participant/participant.js";

const { values: given } = parseArgs({
  options: {
    server: { type: "string", default: "http://127.0.0.1:50051" },
    participant: { type: "string" },
    key: { type: "string" },
    target: { type: "string", default: "1" },
  },
});
const target = Number(given.target);

/** Trains every weight half of the way: one gradient step of rate 1/2 on (weight - target)^2 / 2. */
async function fit(model) {
  const weights = new Map([...model].map(([name, values]) => [name, values.map((w) => w + (target - w) / 2)]));
  const losses = [...model.values()].flatMap((values) => Array.from(values, (w) => (w - target) ** 2 / 2));
  return { weights, numExamples: 1, metrics: { loss: losses.reduce((sum, each) => sum + each, 0) } };
}

function report(kind, value) {
  if (kind === "updateAck") {
    console.log(`round ${value.round}: ${UpdateAckStatus[value.status]}`);
  } else {
    const verdict = value.verdict ? VerdictKind[value.verdict.kind] : "not asked for";
    console.log(`round ${value.round} is ${RoundState[value.state]}, my update ${verdict}`);
  }
}

const who = { name: given.participant, key: createPrivateKey(readFileSync(given.key)) };
const headers = process.env.MFN_API_KEY ? { "x-api-key": process.env.MFN_API_KEY } : {};
const finished = await participate(given.server, who, fit, { report, headers });
console.log(`finished: ${FinishReason[finished.why]} with model ${finished.model?.version}`);
