// What somebody might do with Octokit in an afternoon; nothing of it knows the forge but the address.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const found = createRequire(process.env.MODULES + "/").resolve("@octokit/rest");
const { Octokit } = await import(pathToFileURL(found).href);
const baseUrl = process.env.API_URL;
const octokit = new Octokit({ baseUrl, auth: process.env.TOKEN });
const reviewer = new Octokit({ baseUrl, auth: process.env.REVIEWER_TOKEN });
const at = { owner: "ada", repo: "calc" };
const say = (...words) => console.log(...words.map((word) => (typeof word === "string" ? word : JSON.stringify(word))));

say("me", (await octokit.users.getAuthenticated()).data.login);
const repo = (await octokit.repos.get(at)).data;
say("repo", repo.full_name, repo.default_branch);

await octokit.issues.createLabel({ ...at, name: "triage", color: "ff00aa" });
const numbers = [];
for (let n = 0; n < 35; n++) {
  const made = await octokit.issues.create({ ...at, title: `Issue ${n}`, body: `Body ${n}`, labels: ["triage"] });
  numbers.push(made.data.number);
}
const all = await octokit.paginate(octokit.issues.listForRepo, { ...at, labels: "triage", per_page: 30 });
say("open", all.length);
const issue_number = numbers[0];
await octokit.issues.createComment({ ...at, issue_number, body: "First!" });
await octokit.issues.update({ ...at, issue_number, title: "Renamed" });
await octokit.issues.addLabels({ ...at, issue_number, labels: ["urgent"] });
await octokit.issues.removeLabel({ ...at, issue_number, name: "triage" });
const issue = (await octokit.issues.get({ ...at, issue_number })).data;
say("issue", issue.title, issue.labels.map((label) => label.name));
await octokit.issues.update({ ...at, issue_number, state: "closed", state_reason: "not_planned" });
const timeline = await octokit.paginate(octokit.issues.listEventsForTimeline, { ...at, issue_number });
say("timeline", timeline.at(-1).event);

const base = (await octokit.git.getRef({ ...at, ref: "heads/main" })).data.object.sha;
await octokit.git.createRef({ ...at, ref: "refs/heads/topic", sha: base });
const content = Buffer.from("hello\n").toString("base64");
await octokit.repos.createOrUpdateFileContents({ ...at, path: "hello.txt", message: "Say hello", content, branch: "topic" });
const body = `Closes #${numbers[1]}`;
const pull = (await octokit.pulls.create({ ...at, head: "topic", base: "main", title: "Say hello", body })).data;
const pull_number = pull.number;
say("files", (await octokit.pulls.listFiles({ ...at, pull_number })).data.map((file) => file.filename));
const diff = await octokit.pulls.get({ ...at, pull_number, mediaType: { format: "diff" } });
say("diff", diff.data.includes("+hello"));
await octokit.repos.createCommitStatus({ ...at, sha: pull.head.sha, state: "success", context: "ci" });
say("status", (await octokit.repos.getCombinedStatusForRef({ ...at, ref: pull.head.sha })).data.state);
try {
  await octokit.pulls.createReview({ ...at, pull_number, event: "APPROVE" });
} catch (problem) {
  say("own approval", problem.status);
}
await reviewer.pulls.createReview({ ...at, pull_number, event: "APPROVE", body: "Good." });
while ((await octokit.pulls.get({ ...at, pull_number })).data.mergeable === null) {
  await new Promise((done) => setTimeout(done, 100));
}
try {
  await octokit.pulls.merge({ ...at, pull_number, sha: base });
} catch (problem) {
  say("moved head", problem.status);
}
say("merged", (await octokit.pulls.merge({ ...at, pull_number, sha: pull.head.sha, merge_method: "squash" })).data.merged);
say("closed by it", (await octokit.issues.get({ ...at, issue_number: numbers[1] })).data.state);
await octokit.git.deleteRef({ ...at, ref: "heads/topic" });
say("branches", (await octokit.repos.listBranches(at)).data.map((branch) => branch.name));

const first = await octokit.request("GET /repos/{owner}/{repo}/labels", at);
try {
  await octokit.request("GET /repos/{owner}/{repo}/labels", { ...at, headers: { "if-none-match": first.headers.etag } });
} catch (problem) {
  say("unchanged", problem.status);
}
const query = `query($n: Int!) { repository(owner: "ada", name: "calc") { issue(number: $n) { title state stateReason } } }`;
say("graphql", (await octokit.graphql(query, { n: issue_number })).repository.issue);
try {
  await octokit.graphql(`{ repository(owner: "ada", name: "nothing") { id } }`);
} catch (problem) {
  say("graphql error", problem.errors[0].type);
}
