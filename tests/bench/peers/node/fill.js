// Puts as many jobs into the queue as wanted, with what reset-worker's events say.
//     node fill.js REDIS_PORT QUEUE COUNT
import { randomUUID } from "node:crypto";
import { Queue } from "bullmq";

const [port, name, count] = [Number(process.argv[2]), process.argv[3], Number(process.argv[4])];
const queue = new Queue(name, { connection: { host: "127.0.0.1", port } });

for (let begin = 0; begin < count; begin += 1000) {
  const jobs = [];
  for (let number = begin; number < Math.min(begin + 1000, count); number++) {
    const user = { id: `u${number}`, email: `u${number}@example.com`, name: "Ann Lee", locale: "en" };
    jobs.push({ name: "reset", data: { id: randomUUID(), tenant: "acme", user }, opts: { removeOnComplete: true } });
  }
  await queue.addBulk(jobs);
}
await queue.close();
