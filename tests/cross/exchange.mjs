// Verifies the tokens of this library with jose, and makes some for it to verify.
//
// usage: node exchange.mjs FOLDER

import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const folder = process.argv[2];
const require = createRequire(join(folder, "node", "package.json"));
const { SignJWT, importJWK, jwtVerify } = await import(require.resolve("jose"));

const ours = JSON.parse(readFileSync(join(folder, "ours.json"), "utf8"));
const currentDate = new Date(ours.now * 1000);
const made = {};
for (const { alg, jwk, pkcs8, secret, token } of ours.tokens) {
  const verifyKey = secret ? Buffer.from(secret, "base64") : await importJWK(jwk, alg);
  const signKey = secret
    ? verifyKey
    : createPrivateKey({ key: Buffer.from(pkcs8, "base64"), format: "der", type: "pkcs8" });
  const options = { algorithms: [alg], audience: "api", issuer: ours.claims.iss, typ: "at+jwt", currentDate };
  const { payload } = await jwtVerify(token, verifyKey, options);
  assert.deepEqual(payload, ours.claims, alg);
  const [header, claims, signature] = token.split(".");
  const other = signature[9] === "A" ? "B" : "A";
  const altered = [header, claims, signature.slice(0, 9) + other + signature.slice(10)].join(".");
  await assert.rejects(jwtVerify(altered, verifyKey, options), undefined, alg);
  made[alg] = await new SignJWT(ours.claims).setProtectedHeader({ alg, typ: "at+jwt", kid: alg }).sign(signKey);
}
writeFileSync(join(folder, "theirs-jose.json"), JSON.stringify(made));
console.log(`jose verifies ours: ${Object.keys(made).length} algorithms`);
