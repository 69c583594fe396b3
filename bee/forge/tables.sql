-- What the forge keeps beside git, which holds every commit and ref. `VERSION` in core/store.py counts its changes.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE users (
  id INTEGER PRIMARY KEY AUTOINCREMENT, login TEXT NOT NULL UNIQUE COLLATE NOCASE, token TEXT UNIQUE,
  permission TEXT NOT NULL, type TEXT NOT NULL, created_at TEXT NOT NULL,
  workflows INTEGER NOT NULL DEFAULT 1, expires_at TEXT);
CREATE TABLE repos (
  id INTEGER PRIMARY KEY AUTOINCREMENT, owner_id INTEGER NOT NULL REFERENCES users(id),
  name TEXT NOT NULL COLLATE NOCASE, private INTEGER NOT NULL, default_branch TEXT NOT NULL,
  description TEXT, parent_id INTEGER, settings TEXT NOT NULL DEFAULT '{}', branch_seen TEXT,
  created_at TEXT NOT NULL, updated_at TEXT NOT NULL, pushed_at TEXT NOT NULL,
  next_number INTEGER NOT NULL DEFAULT 1, UNIQUE (owner_id, name));
CREATE TABLE collaborators (
  repo_id INTEGER NOT NULL, user_id INTEGER NOT NULL, permission TEXT NOT NULL,
  PRIMARY KEY (repo_id, user_id)) WITHOUT ROWID;
CREATE TABLE labels (
  id INTEGER PRIMARY KEY AUTOINCREMENT, repo_id INTEGER NOT NULL, name TEXT NOT NULL COLLATE NOCASE,
  color TEXT NOT NULL, description TEXT, created_at TEXT NOT NULL, UNIQUE (repo_id, name));
CREATE TABLE issues (
  id INTEGER PRIMARY KEY AUTOINCREMENT, repo_id INTEGER NOT NULL, number INTEGER NOT NULL,
  is_pull INTEGER NOT NULL, title TEXT NOT NULL, body TEXT, state TEXT NOT NULL DEFAULT 'open',
  state_reason TEXT, author_id INTEGER NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
  closed_at TEXT, closed_by INTEGER, editor_id INTEGER, last_edited_at TEXT,
  comments INTEGER NOT NULL DEFAULT 0, locked INTEGER NOT NULL DEFAULT 0, lock_reason TEXT,
  UNIQUE (repo_id, number));
CREATE INDEX issues_created ON issues (repo_id, is_pull, state, created_at, id);
CREATE INDEX issues_updated ON issues (repo_id, is_pull, state, updated_at, id);
CREATE TABLE pulls (
  issue_id INTEGER PRIMARY KEY, repo_id INTEGER NOT NULL, head_repo_id INTEGER, head_owner_id INTEGER,
  head_ref TEXT NOT NULL, head_sha TEXT NOT NULL, base_ref TEXT NOT NULL, base_sha TEXT NOT NULL, base_seen TEXT,
  draft INTEGER NOT NULL, merged_at TEXT, merged_by INTEGER, merge_sha TEXT, pending TEXT,
  pushed_by INTEGER, mergeable INTEGER, mergeable_head TEXT, mergeable_base TEXT, test_sha TEXT,
  maintainer_can_modify INTEGER NOT NULL DEFAULT 0);
CREATE INDEX pulls_head ON pulls (repo_id, head_ref);
CREATE TABLE issue_labels (
  issue_id INTEGER NOT NULL, label_id INTEGER NOT NULL, PRIMARY KEY (issue_id, label_id)) WITHOUT ROWID;
CREATE INDEX issue_labels_label ON issue_labels (label_id, issue_id);
CREATE TABLE assignees (
  issue_id INTEGER NOT NULL, user_id INTEGER NOT NULL, PRIMARY KEY (issue_id, user_id)) WITHOUT ROWID;
CREATE TABLE reviewers (
  issue_id INTEGER NOT NULL, user_id INTEGER NOT NULL, PRIMARY KEY (issue_id, user_id)) WITHOUT ROWID;
CREATE TABLE comments (
  id INTEGER PRIMARY KEY AUTOINCREMENT, issue_id INTEGER NOT NULL, repo_id INTEGER NOT NULL,
  author_id INTEGER NOT NULL, body TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
  editor_id INTEGER, last_edited_at TEXT);
CREATE INDEX comments_issue ON comments (issue_id, id);
CREATE INDEX comments_repo ON comments (repo_id, id);
CREATE TABLE reviews (
  id INTEGER PRIMARY KEY AUTOINCREMENT, issue_id INTEGER NOT NULL, author_id INTEGER NOT NULL,
  state TEXT NOT NULL, body TEXT NOT NULL, commit_sha TEXT NOT NULL, created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL, submitted_at TEXT, editor_id INTEGER, last_edited_at TEXT);
CREATE INDEX reviews_issue ON reviews (issue_id, id);
CREATE TABLE review_threads (
  id INTEGER PRIMARY KEY AUTOINCREMENT, issue_id INTEGER NOT NULL, path TEXT NOT NULL, line INTEGER,
  side TEXT NOT NULL, start_line INTEGER, start_side TEXT, commit_sha TEXT NOT NULL, resolved_by INTEGER);
CREATE INDEX review_threads_issue ON review_threads (issue_id, id);
CREATE TABLE review_comments (
  id INTEGER PRIMARY KEY AUTOINCREMENT, issue_id INTEGER NOT NULL, review_id INTEGER NOT NULL,
  thread_id INTEGER NOT NULL, author_id INTEGER NOT NULL, body TEXT NOT NULL, in_reply_to INTEGER,
  created_at TEXT NOT NULL, updated_at TEXT NOT NULL, editor_id INTEGER, last_edited_at TEXT);
CREATE INDEX review_comments_issue ON review_comments (issue_id, id);
CREATE INDEX review_comments_thread ON review_comments (thread_id, id);
CREATE TABLE edits (
  id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, subject_id INTEGER NOT NULL,
  editor_id INTEGER NOT NULL, edited_at TEXT NOT NULL, diff TEXT, deleted_at TEXT, deleted_by INTEGER);
CREATE INDEX edits_subject ON edits (kind, subject_id, id);
CREATE TABLE events (
  id INTEGER PRIMARY KEY AUTOINCREMENT, repo_id INTEGER NOT NULL, issue_id INTEGER NOT NULL,
  kind TEXT NOT NULL, actor_id INTEGER, created_at TEXT NOT NULL, source_id INTEGER,
  data TEXT NOT NULL DEFAULT '{}');
CREATE INDEX events_issue ON events (issue_id, id);
CREATE INDEX events_repo ON events (repo_id, id);
CREATE TABLE statuses (
  id INTEGER PRIMARY KEY AUTOINCREMENT, repo_id INTEGER NOT NULL, sha TEXT NOT NULL, context TEXT NOT NULL,
  state TEXT NOT NULL, description TEXT, target_url TEXT, creator_id INTEGER NOT NULL,
  created_at TEXT NOT NULL);
CREATE INDEX statuses_sha ON statuses (repo_id, sha, id);
CREATE TABLE check_runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT, repo_id INTEGER NOT NULL, sha TEXT NOT NULL, name TEXT NOT NULL,
  status TEXT NOT NULL, conclusion TEXT, details_url TEXT, external_id TEXT, started_at TEXT,
  completed_at TEXT, output TEXT NOT NULL DEFAULT '{}', creator_id INTEGER NOT NULL);
CREATE INDEX check_runs_sha ON check_runs (repo_id, sha, id);
CREATE TABLE workflow_runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT, repo_id INTEGER NOT NULL, sha TEXT NOT NULL, branch TEXT NOT NULL,
  name TEXT NOT NULL, status TEXT NOT NULL, conclusion TEXT, actor_id INTEGER NOT NULL,
  created_at TEXT NOT NULL);
CREATE TABLE deployments (
  id INTEGER PRIMARY KEY AUTOINCREMENT, repo_id INTEGER NOT NULL, sha TEXT NOT NULL, ref TEXT NOT NULL,
  task TEXT NOT NULL, payload TEXT NOT NULL, environment TEXT NOT NULL, description TEXT,
  creator_id INTEGER NOT NULL, created_at TEXT NOT NULL);
CREATE INDEX deployments_sha ON deployments (repo_id, sha, id);
CREATE TABLE deployment_statuses (
  id INTEGER PRIMARY KEY AUTOINCREMENT, deployment_id INTEGER NOT NULL, state TEXT NOT NULL,
  description TEXT NOT NULL, environment TEXT NOT NULL, creator_id INTEGER NOT NULL, created_at TEXT NOT NULL);
CREATE INDEX deployment_statuses_of ON deployment_statuses (deployment_id, id);
CREATE TABLE analyses (
  id INTEGER PRIMARY KEY AUTOINCREMENT, repo_id INTEGER NOT NULL, sha TEXT NOT NULL, tool TEXT NOT NULL,
  alerts TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE INDEX analyses_sha ON analyses (repo_id, sha, id);
CREATE TABLE dependencies (
  issue_id INTEGER NOT NULL, blocker_id INTEGER NOT NULL, PRIMARY KEY (issue_id, blocker_id)) WITHOUT ROWID;
CREATE INDEX dependencies_blocker ON dependencies (blocker_id, issue_id);
CREATE TABLE sub_issues (
  id INTEGER PRIMARY KEY AUTOINCREMENT, parent_id INTEGER NOT NULL, child_id INTEGER NOT NULL UNIQUE);
CREATE INDEX sub_issues_parent ON sub_issues (parent_id, id);
CREATE TABLE protections (
  repo_id INTEGER NOT NULL, branch TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (repo_id, branch));
CREATE TABLE rulesets (
  id INTEGER PRIMARY KEY AUTOINCREMENT, repo_id INTEGER NOT NULL, name TEXT NOT NULL, target TEXT NOT NULL,
  enforcement TEXT NOT NULL, data TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE INDEX rulesets_repo ON rulesets (repo_id, id);
CREATE TABLE renames (
  owner_id INTEGER NOT NULL, name TEXT NOT NULL COLLATE NOCASE, repo_id INTEGER NOT NULL,
  PRIMARY KEY (owner_id, name)) WITHOUT ROWID;
CREATE TABLE queue (
  id INTEGER PRIMARY KEY AUTOINCREMENT, issue_id INTEGER NOT NULL UNIQUE, repo_id INTEGER NOT NULL,
  base_ref TEXT NOT NULL, head_sha TEXT NOT NULL, enqueuer_id INTEGER NOT NULL, enqueued_at TEXT NOT NULL,
  jump INTEGER NOT NULL, base_sha TEXT, group_sha TEXT, group_ref TEXT, built_at TEXT);
CREATE INDEX queue_repo ON queue (repo_id, base_ref);
