// Writes a file into one note of the merge request, and updates that note from then on. For a job of a merge request
// pipeline with AEGIR_REVIEW_TOKEN, the token of a project access token with the scope `api`.
import { readFileSync } from "node:fs";

const { CI_API_V4_URL, CI_MERGE_REQUEST_PROJECT_ID, CI_MERGE_REQUEST_IID, AEGIR_REVIEW_TOKEN } = process.env;
// In a pipeline for merged results, CI_COMMIT_SHA is the merge commit.
const reviewed = process.env.CI_MERGE_REQUEST_SOURCE_BRANCH_SHA || process.env.CI_COMMIT_SHA;
const MARK = "<!-- aegir-access review -->";

async function call(path, method = "GET", content = undefined) {
  const answer = await fetch(CI_API_V4_URL + path, {
    method,
    headers: { "PRIVATE-TOKEN": AEGIR_REVIEW_TOKEN, "Content-Type": "application/json" },
    body: content && JSON.stringify(content),
  });
  if (!answer.ok) throw new Error(`GitLab answered ${method} ${path} with ${answer.status}.`);
  return { value: await answer.json(), nextPage: answer.headers.get("x-next-page") };
}

/** The note of an earlier review: others may write the mark, but not as this user. */
async function earlierNote(notes) {
  const { value: me } = await call("/user");
  for (let page = "1"; page;) {
    const { value, nextPage } = await call(`${notes}?sort=asc&per_page=100&page=${page}`);
    const found = value.find(({ author, body }) => author.id === me.id && body.startsWith(MARK));
    if (found) return found;
    page = nextPage;
  }
  return undefined;
}

const mergeRequest = `/projects/${CI_MERGE_REQUEST_PROJECT_ID}/merge_requests/${CI_MERGE_REQUEST_IID}`;
const { value: current } = await call(mergeRequest);
if (current.sha !== reviewed) {
  console.log("There is a newer commit, which is reviewed by a pipeline of its own.");
} else {
  const content = { body: readFileSync(process.argv[2], "utf8") };
  const earlier = await earlierNote(`${mergeRequest}/notes`);
  if (earlier) await call(`${mergeRequest}/notes/${earlier.id}`, "PUT", content);
  else await call(`${mergeRequest}/notes`, "POST", content);
}
