const text = new TextEncoder();

/** What Proof signs. */
export function joinMessage(federationUid, participant, nonce) {
  return joined([text.encode("mfn.v1.join"), text.encode(federationUid), text.encode(participant), nonce]);
}

/** What UpdateBegin signs. */
export function updateMessage(claim) {
  return joined([text.encode("mfn.v1.update"), claim]);
}

/** The parts with one zero byte between each two. */
function joined(parts) {
  return Buffer.concat(parts.flatMap((part, i) => (i === 0 ? [part] : [Buffer.alloc(1), part])));
}
