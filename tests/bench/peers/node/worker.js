// The job of reset-worker as a good Node engineer would do it in a day: BullMQ's worker takes jobs from Redis, the hash of
// a one-time token is kept with its time to live, nodemailer's pool mails the link.  A peer for the benchmark.
//     node worker.js REDIS_PORT QUEUE SMTP_PORT BODY [CONNECTIONS]
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { Worker } from "bullmq";
import { Redis } from "ioredis";
import { createTransport } from "nodemailer";

const [redisPort, name, smtpPort, bodyFile, connections] = process.argv.slice(2);
const body = readFileSync(bodyFile, "utf8");
const mailer = createTransport({
  host: "127.0.0.1",
  port: Number(smtpPort),
  pool: true,
  maxConnections: Number(connections ?? 50),
  maxMessages: Infinity,
  ignoreTLS: true,
});
const redis = new Redis({ host: "127.0.0.1", port: Number(redisPort), enableAutoPipelining: true });

async function reset(job) {
  const { id, tenant, user } = job.data;
  const token = randomBytes(32).toString("base64url");
  const hash = createHash("sha256").update(token).digest("hex");
  await redis.set(`peer:token:${hash}`, JSON.stringify({ id, tenant, user: user.id }), "EX", 86400);
  await mailer.sendMail({
    from: "Example <no-reply@example.org>",
    to: { name: user.name, address: user.email },
    subject: "Reset your password",
    messageId: `<${id}@peer.example.org>`,
    headers: { "Auto-Submitted": "auto-generated" },
    text: `Hello ${user.name},\n\nhttps://app.example.org/reset#${token}\n\n${body}`,
  });
}

const worker = new Worker(name, reset, {
  connection: { host: "127.0.0.1", port: Number(redisPort), maxRetriesPerRequest: null },
  concurrency: 2 * Number(connections ?? 50),
});
let failed = 0;
worker.on("failed", (job, error) => {
  failed++;
  console.error(`${job?.id}: ${error.message}`);
});
process.on("SIGTERM", async () => {
  await worker.close();
  mailer.close();
  redis.disconnect();
  process.exit(failed === 0 ? 0 : 1);
});
