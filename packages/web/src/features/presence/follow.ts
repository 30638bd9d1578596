/** Follows a user through the project: opens the user's file and keeps the user's cursor in view, until the follower uses the page. */
import type { App } from "../../app/services.ts";
import { announce } from "../../design/announce.ts";
import { openFile } from "../files/open-file.ts";
import { othersOf, type Person } from "./presence-store.ts";

export const personOf = (app: App, userId: string | undefined): Person | undefined =>
  othersOf(app.presence.getState().all, app.session.user()).find(({ id }) => id === userId);

const goTo = (app: App, person: Person): void => {
  if (person.fileId !== null && person.fileId !== app.tabs.getState().shown) {
    openFile(app, person.fileId, { focus: false });
  }
};

/** Starts following a user, or stops with undefined. */
export const setFollowing = (app: App, userId: string | undefined): void => {
  const person = personOf(app, userId);
  if (userId !== undefined && !person) return;
  app.presence.setState({ following: person?.id });
  if (person) {
    app.layout.setState({ pane: "code" });
    goTo(app, person);
    announce(`Following ${person.name}. Escape stops.`);
  } else {
    announce("Not following any more.");
  }
  app.editor.follow(person?.id ?? null);
};

/** Updates the following when the followed user opens another file or leaves, and ends it when the follower uses the page. */
export const installFollowing = (app: App): void => {
  app.editor.onFollowEnded(() => app.presence.setState({ following: undefined }));
  app.editor.onFollowedElsewhere((fileId) => openFile(app, fileId, { focus: false }));
  app.presence.subscribe((now, before) => {
    if (now.following === undefined || now.all === before.all) return;
    const person = personOf(app, now.following);
    if (person) goTo(app, person);
    else setFollowing(app, undefined);
  });
};
