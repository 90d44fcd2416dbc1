/** Jobs: the button that shows them, a job followed as it goes, and a job asked for and awaited. */

import { follow, get, Problem, send, type Job } from "./api";
import { h, replace } from "./dom";
import { button, faultList, problem } from "./parts";
import { address } from "./state";
import { t, when } from "./words";

export function jobsButton(): HTMLElement {
  const open = button(t("jobs"), () => void show(), "quiet");
  open.setAttribute("aria-haspopup", "dialog");
  return open;
}

async function show(): Promise<void> {
  const list = h("div", {}, t("loading"));
  const box = h("dialog", { "aria-label": t("jobs"), style: "width:min(46rem,94vw)", onclose: () => { stop.forEach((end) => end()); box.remove(); } },
    h("div", { class: "row mid", style: "justify-content:space-between" }, h("h2", { style: "margin:0" }, t("jobs")), button(t("close"), () => box.close())), list);
  const stop: (() => void)[] = [];
  document.body.append(box);
  box.showModal();
  try {
    const jobs = await get<Job[]>("/api/jobs");
    replace(list, jobs.length ? h("ul", { class: "parts" }, jobs.slice(0, 30).map((job) => h("li", {}, card(job, stop)))) : h("p", { class: "soft" }, t("no_jobs")));
  } catch (wrong) {
    replace(list, problem(wrong));
  }
}

/** A job that draws itself again whenever its row changes. */
export function card(first: Job, stops: (() => void)[] = [], done?: (job: Job) => void): HTMLElement {
  const place = h("div");
  const act = async (what: "stop" | "resume"): Promise<void> => {
    try {
      draw(await send<Job>("POST", `/api/jobs/${first.job_id}/${what}`));
      if (what === "resume") stops.push(follow(first.job_id, draw));
    } catch (wrong) {
      place.append(problem(wrong));
    }
  };
  const draw = (job: Job): void => {
    const open = job.state === "waiting" || job.state === "running";
    const share = job.total ? `${job.done} / ${job.total}` : "";
    replace(
      place,
      h("div", { class: "row mid" }, h("strong", {}, t(`kind_${job.kind}`)), h("code", {}, job.job_id), h("span", { class: "soft" }, `${job.province} · ${when(job.made_at)}`),
        h("span", { class: "grow" }), h("span", {}, t(`state_${job.state}`), " ", share, " ", job.state === "running" ? elapsed(job) : null),
        open ? button(t("stop"), () => void act("stop")) : null,
        job.state === "stopped" || job.state === "failed" ? button(t("resume"), () => void act("resume")) : null,
        typeof job.result?.run_id === "string" ? h("a", { href: `/${job.province}/data?part=runs&run=${job.result.run_id}` }, t("see_result")) : null),
      open ? h("progress", { max: job.total || null, value: job.total ? job.done : null, "aria-label": t(`kind_${job.kind}`) }) : null,
      job.note ? h("div", { class: "soft small" }, job.note) : null,
      job.faults ? faultList(job.faults, 10) : null,
    );
    if (!open) done?.(job);
  };
  draw(first);
  if (first.state === "waiting" || first.state === "running") stops.push(follow(first.job_id, draw));
  return place;
}

/** How long a job has been running, counted on while it stands on the page. */
function elapsed(job: Job): HTMLElement {
  const begun = Date.parse(job.started_at ?? job.made_at);
  const place = h("span", { class: "soft num" });
  const tell = (): void => {
    const s = Math.max(0, Math.round((Date.now() - begun) / 1000));
    place.textContent = t("job_elapsed", { time: `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}` });
  };
  tell();
  const clock = window.setInterval(() => (place.isConnected ? tell() : clearInterval(clock)), 1000);
  return place;
}

/** Ask for a job and draw it in a place; the promise holds the finished job. */
export function run(place: Element, kind: string, options: Record<string, unknown>): Promise<Job> {
  return new Promise((resolve, reject) => {
    send<Job>("POST", "/api/jobs", { kind, province: address().province, options }).then(
      (job) => replace(place, card(job, [], (over) => (over.state === "done" ? resolve(over) : reject(new Problem(422, over.faults ?? []))))),
      (wrong: unknown) => {
        replace(place, problem(wrong));
        reject(wrong);
      },
    );
  });
}
