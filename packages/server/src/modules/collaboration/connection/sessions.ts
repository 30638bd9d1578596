/** Lists who has which document of a project open: each person once, however many connections. */
import type { LiveSessions } from "@atelier/contracts";
import type { Connection } from "./connection.ts";

type Seat = {
  readonly connection: Connection;
  readonly sinceMs: number;
  readonly count: number;
};

/** The first connection for each key, with the number of connections. */
const groupBy = (connections: Iterable<Connection>, keyOf: (connection: Connection) => string): Map<string, Seat> => {
  const seats = new Map<string, Seat>();
  for (const connection of connections) {
    const key = keyOf(connection);
    const known = seats.get(key);
    const first = known !== undefined && known.sinceMs <= connection.sinceMs ? known.connection : connection;
    seats.set(key, { connection: first, sinceMs: first.sinceMs, count: (known?.count ?? 0) + 1 });
  }
  return seats;
};

const inOrder = (seats: Map<string, Seat>): Seat[] => [...seats.values()].toSorted((a, b) => a.sinceMs - b.sinceMs);

const personOf = ({ connection: { userId, actor, user, role }, sinceMs }: Seat) => ({
  userId,
  name: actor.name,
  color: user.color,
  role,
  since: new Date(sinceMs).toISOString(),
});

type SessionPerson = LiveSessions["people"][number];

const earlier = (one: string, other: string): string => (one < other ? one : other);

const inOnePerson = (one: SessionPerson | undefined, other: SessionPerson): SessionPerson =>
  one === undefined ? other : { ...one, since: earlier(one.since, other.since), files: [...one.files, ...other.files] };

/** The lists of several nodes as one: a document is open on one node, a person may be connected to several. */
export const mergeSessions = (lists: readonly LiveSessions[]): LiveSessions => {
  const people = new Map<string, SessionPerson>();
  for (const person of lists.flatMap((list) => list.people))
    people.set(person.userId, inOnePerson(people.get(person.userId), person));
  return {
    documents: lists.flatMap(({ documents }) => documents),
    people: [...people.values()].toSorted((a, b) => a.since.localeCompare(b.since)),
  };
};

/** @param all connections of one project; closed ones are left out */
export const liveSessions = (all: Iterable<Connection>): LiveSessions => {
  const connections = [...all].filter((connection) => !connection.isClosed);
  const byFile = Map.groupBy(connections, ({ document }) => document.owner.ref.fileId);
  const byUser = Map.groupBy(connections, ({ userId }) => userId);
  return {
    documents: [...byFile].map(([fileId, open]) => ({
      fileId,
      path: open[0]?.document.path ?? "",
      participants: inOrder(groupBy(open, ({ userId }) => userId)).map((seat) => ({
        ...personOf(seat),
        connections: seat.count,
      })),
    })),
    people: inOrder(groupBy(connections, ({ userId }) => userId)).map((seat) => ({
      ...personOf(seat),
      files: inOrder(
        groupBy(byUser.get(seat.connection.userId) ?? [], ({ document }) => document.owner.ref.fileId),
      ).map(({ connection: { document }, sinceMs, count }) => ({
        fileId: document.owner.ref.fileId,
        path: document.path,
        since: new Date(sinceMs).toISOString(),
        connections: count,
      })),
    })),
  };
};
