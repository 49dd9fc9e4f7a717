// @ts-check
// The page that stands in for every other one while there is no connection: it lists what is kept here.

import { required } from "./dom.js";
import { titles } from "./kept.js";

const list = required(document, "[data-kept-list]");

for (const [path, title] of await titles(document.body.dataset.account ?? "")) {
  const link = document.createElement("a");
  link.href = path;
  link.textContent = title;
  link.dir = "auto";
  const item = document.createElement("li");
  item.className = "card card-title";
  item.append(link);
  list.append(item);
}
required(document, "[data-kept-none]").hidden = list.childElementCount > 0;

const reload = () => location.reload();
addEventListener("online", reload);
addEventListener("beforeunload", () => removeEventListener("online", reload)); // a person who leaves stays away
