// Made by `manage.py protocol_types` from chat/socket/protocol.py; a test compares.

export interface UsageShown {
  prompt_tokens: number;
  cached_tokens: number;
  completion_tokens: number;
}

export interface Timing {
  queued_ms: number;
  first_token_ms: number;
  total_ms: number;
}

export interface Resource {
  name: string;
  contact: string;
  hours: string;
  url: string;
}

export interface MessageShown {
  id: string;
  parent: string | null;
  text: string;
  created_at: string;
  is_withheld: boolean;
}

export type NoticeKind = "disclosure" | "break" | "crisis" | "care" | "blocked" | "masked" | "restricted";

export interface MessageSend {
  type: "message.send";
  client_id: string;
  text: string;
}

export interface ReplyStop {
  type: "reply.stop";
  reply_id: string;
}

export interface ReplyRegenerate {
  type: "reply.regenerate";
  reply_id: string;
}

export interface ReplyContinue {
  type: "reply.continue";
  reply_id: string;
}

export interface ReplyAsk {
  type: "reply.ask";
  persona_id: string;
}

export interface MessageEdit {
  type: "message.edit";
  message_id: string;
  text: string;
}

export interface BranchSelect {
  type: "branch.select";
  message_id: string;
}

export interface LineSuggest {
  type: "line.suggest";
  line_id: string;
}

export interface LineStop {
  type: "line.stop";
  line_id: string;
}

export interface ConversationSeen {
  type: "conversation.seen";
}

export interface Ping {
  type: "ping";
  in_use: boolean;
}

export type ClientFrame =
  | MessageSend
  | ReplyStop
  | ReplyRegenerate
  | ReplyContinue
  | ReplyAsk
  | MessageEdit
  | BranchSelect
  | LineSuggest
  | LineStop
  | ConversationSeen
  | Ping;

export interface MessageAccepted {
  type: "message.accepted";
  client_id: string | null;
  message: MessageShown;
  title: string;
}

export interface ReplyQueued {
  type: "reply.queued";
  reply_id: string;
  message_id: string;
  parent: string | null;
  persona_id: string;
  attempt: number;
  position: number;
  expected_wait_ms: number | null;
  detail: string;
}

export interface ReplyStarted {
  type: "reply.started";
  reply_id: string;
  attempt: number;
  engine: string;
  because: string;
}

export interface ReplyDelta {
  type: "reply.delta";
  reply_id: string;
  attempt: number;
  seq: number;
  text: string;
}

export interface ReplyCompleted {
  type: "reply.completed";
  reply_id: string;
  text: string;
  usage: UsageShown;
  timing: Timing;
  recalled: string;
}

export interface ReplyStopped {
  type: "reply.stopped";
  reply_id: string;
  text: string;
}

export interface ReplyBlocked {
  type: "reply.blocked";
  reply_id: string;
  text: string;
  category: string;
  notice: string;
}

export interface ReplyFailed {
  type: "reply.failed";
  reply_id: string;
  code: string;
  detail: string;
}

export interface LineSuggested {
  type: "line.suggested";
  line_id: string;
  text: string;
}

export interface LineFailed {
  type: "line.failed";
  line_id: string;
  detail: string;
}

export interface NoticeShown {
  type: "notice";
  id: string | null;
  kind: NoticeKind;
  message_id: string | null;
  text: string;
  language: string;
  resources: Resource[];
}

export interface ThreadChanged {
  type: "thread.changed";
  head: string | null;
}

export interface ConversationDeleted {
  type: "conversation.deleted";
}

export interface Error {
  type: "error";
  code: "bad_frame" | "not_found" | "wrong_state" | "quota_exceeded" | "restricted" | "too_young" | "not_served" | "not_for_minors" | "not_for_elders" | "not_by_guardian" | "persona_not_confirmed" | "persona_not_approved" | "persona_rests" | "moderation_unavailable" | "busy" | "unavailable" | "site_error";
  detail: string;
  client_id: string | null;
  retry_after_ms: number | null;
}

export interface Pong {
  type: "pong";
}

export type ServerFrame =
  | MessageAccepted
  | ReplyQueued
  | ReplyStarted
  | ReplyDelta
  | ReplyCompleted
  | ReplyStopped
  | ReplyBlocked
  | ReplyFailed
  | LineSuggested
  | LineFailed
  | NoticeShown
  | ThreadChanged
  | ConversationDeleted
  | Error
  | Pong;
