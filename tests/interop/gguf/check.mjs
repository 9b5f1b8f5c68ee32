// Checks a GGUF file with llama.cpp, through node-llama-cpp, against what was expected of it elsewhere.
//
// usage: node check.mjs NODE_MODULES MODEL.gguf EXPECTED.json
//
// EXPECTED.json has any of
//   texts       {text: [token ...]}: what a text becomes; the tokens become the text again
//   adapter     a LoRA file that everything but the texts is computed with
//   prompt      [token ...], for the next two
//   logits      {values: [of each token ...], tolerance}: after the prompt, the largest difference allowed
//   greedy      [token ...]: the likeliest tokens that follow the prompt, one after the other
//   perplexity  {windows: [{tokens: [token ...], repeated}...], nats, tolerance}: mean -log p of each token but the
//               first given those before it in its window, without the first so many where they are repeated; and
//               the largest relative difference allowed
// Prints a line for each; exits 1 after the first that does not hold.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [nodeModules, modelPath, expectedPath] = process.argv.slice(2);
const entry = join(resolve(nodeModules), "node-llama-cpp", "dist", "index.js");
const { getLlama, LlamaLogLevel } = await import(pathToFileURL(entry));
const expected = JSON.parse(readFileSync(expectedPath, "utf8"));

const llama = await getLlama({ gpu: false, build: "never", skipDownload: true, logLevel: LlamaLogLevel.error });
const model = await llama.loadModel({ modelPath, gpuLayers: 0 });

function fail(what) {
  console.error(`${modelPath}: ${what}`);
  process.exit(1);
}
const same = (a, b) => a.length === b.length && a.every((value, i) => value === b[i]);

async function withSequence(length, use) {
  const context = await model.createContext({
    contextSize: length, threads: 1, flashAttention: false, lora: expected.adapter,
    experimentalKvCacheKeyType: "F32", experimentalKvCacheValueType: "F32" });
  const result = await use(context.getSequence());
  await context.dispose();
  return result;
}
// The logits after each token, as arrays.
function logitsAfter(tokens, wanted) {
  return withSequence(tokens.length + 8, async (sequence) => {
    const input = tokens.map((token, i) => wanted(i) ? [token, { generateNext: { logits: true } }] : token);
    const output = await sequence.controlledEvaluate(input);
    return tokens.map((_, i) => output[i]?.next?.logits);
  });
}

for (const [text, tokens] of Object.entries(expected.texts ?? {})) {
  const theirs = model.tokenize(text, false);
  if (!same(theirs, tokens)) fail(`tokens of ${JSON.stringify(text)} are ${theirs}, expected ${tokens}`);
  const again = model.detokenize(theirs, false);
  if (again !== text) fail(`the tokens of ${JSON.stringify(text)} become ${JSON.stringify(again)}`);
}
if (expected.texts) console.log(`texts: ${Object.keys(expected.texts).length} as expected`);

if (expected.logits) {
  const { values, tolerance } = expected.logits;
  const all = await logitsAfter(expected.prompt, (i) => i === expected.prompt.length - 1);
  const last = all.at(-1);
  if (last.size !== values.length) fail(`${last.size} logits, expected ${values.length}`);
  const worst = Math.max(...values.map((value, token) => Math.abs(value - last.get(token))));
  console.log(`logits: largest difference ${worst.toExponential(2)}, allowed ${tolerance}`);
  if (!(worst <= tolerance)) fail("logits differ");
}

if (expected.greedy) {
  const theirs = await withSequence(expected.prompt.length + expected.greedy.length + 8, async (sequence) => {
    const tokens = [];
    for await (const token of sequence.evaluate(expected.prompt, { temperature: 0 })) {
      tokens.push(token);
      if (tokens.length === expected.greedy.length) break;
    }
    return tokens;
  });
  console.log(`greedy: ${theirs}`);
  if (!same(theirs, expected.greedy)) fail(`expected ${expected.greedy}`);
}

if (expected.perplexity) {
  const { windows, nats, tolerance } = expected.perplexity;
  let sum = 0, count = 0;
  for (const { tokens, repeated = 0 } of windows) {
    const all = await logitsAfter(tokens.slice(0, -1), (i) => i >= repeated);
    for (let i = repeated; i < all.length; ++i, ++count) {
      const values = [...all[i].values()];
      const largest = Math.max(...values);
      const total = values.reduce((so_far, value) => so_far + Math.exp(value - largest), 0);
      sum += Math.log(total) + largest - all[i].get(tokens[i + 1]);
    }
  }
  const mean = sum / count;
  console.log(`perplexity of ${count} tokens: ${Math.exp(mean).toFixed(4)}, expected ${Math.exp(nats).toFixed(4)}`);
  if (!(Math.abs(Math.exp(mean - nats) - 1) <= tolerance)) fail("perplexity differs");
}
process.exit(0);
