import "./parlour.css";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { neighbour } from "../model/switching";
import { few, words } from "../words";
import { AccountDialog } from "./account";
import { Conversation, Stranger } from "./conversation";
import { Departed } from "./departed";
import { Finder } from "./finder";
import { Help } from "./help";
import { useChat, useMedia, useObserved, useTitle } from "./hooks";
import { Mark } from "./icons";
import { useKeys } from "./keys";
import { Maker } from "./maker";
import { PeoplePane } from "./people";
import { Conversing, InvitationCard, SearchDialog } from "./rare";
import { go, pathOf, useRoute } from "./route";
import { type Opening, Sidebar } from "./sidebar";
import { Status } from "./status";
import { Switcher } from "./switcher";
import { Update } from "./update";

/** From here on there is room for three panes. In em, so that larger type counts as a narrower screen. */
const WIDE = "(min-width: 72em)";

/** From here down there is room for one pane. The style sheets say the same. */
const PHONE = "(max-width: 44em)";

/** The signed-in page: rooms, conversation, people. Which of them a narrow screen shows is a matter of style. */
export function Parlour() {
  const chat = useChat();
  useObserved(chat.rooms);
  const route = useRoute();
  const wide = useMedia(WIDE);
  const alone = useMedia(PHONE) && route.room === null;
  const [beside, setBeside] = useState(true);
  const [over, setOver] = useState(false);
  const [opening, setOpening] = useState<Opening | null>(null);
  const [naming, setNaming] = useState("");
  const room = route.room ? chat.rooms.get(route.room) : undefined;
  const people = room !== undefined && (wide ? beside : over);
  const covered = people && !wide;

  const { unread, mentions } = chat.rooms;
  useTitle(
    `${mentions > 0 ? "@ " : ""}${unread > 0 ? `(${few(unread)}) ` : ""}${room ? `${room.name} · ` : ""}${words.app}`,
  );

  useEffect(() => setOver(false), [route.room, wide]);

  useKeys({
    switchRoom: () => setOpening("switch"),
    help: () => setOpening("help"),
    search: () => setOpening("search"),
    step(by, unread) {
      const to = neighbour(chat.rooms.list, route.room, by, unread);
      if (to) go(pathOf(to.id));
    },
  });

  // Back among the rooms of a phone, what had the focus is gone: the heading says where one has come to.
  const heading = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => {
    if (alone && document.activeElement === document.body) heading.current?.focus();
  }, [alone]);

  return (
    <div class={route.room ? "parlour in-room" : "parlour"}>
      {room && (
        <a class="skip" href="#composer">
          {words.skip}
        </a>
      )}
      <div class="notices">
        <Update />
        <Status />
        <Departed />
      </div>
      {/* Where the rooms are all there is to see, they are the page's main part. */}
      <div class="side" role={alone ? "main" : undefined}>
        {alone && (
          <h1 ref={heading} class="hidden" tabIndex={-1}>
            {words.rooms}
          </h1>
        )}
        <Sidebar current={route.room} hidden={covered} onOpen={setOpening} />
      </div>
      {room ? (
        <Conversation
          key={room.id}
          room={room}
          target={route.seq}
          visit={route.visit}
          inert={covered}
          peopleShown={people}
          onPeople={() => (wide ? setBeside(!beside) : setOver(true))}
        />
      ) : route.room && chat.rooms.fresh ? (
        <Stranger key={route.room} id={route.room} />
      ) : (
        !alone && <Welcome loading={!chat.rooms.loaded || route.room !== null} onOpen={setOpening} />
      )}
      {room && people && (
        <PeoplePane
          key={room.id}
          room={room}
          over={covered}
          onClose={() => (wide ? setBeside(false) : setOver(false))}
        />
      )}
      {opening === "find" && (
        <Finder
          onClose={() => setOpening(null)}
          onMake={(name) => {
            setNaming(name);
            setOpening("make");
          }}
        />
      )}
      {opening === "search" && <SearchDialog room={room} onClose={() => setOpening(null)} />}
      {opening === "direct" && <Conversing onClose={() => setOpening(null)} />}
      {route.invitation && (
        <InvitationCard
          key={route.invitation}
          id={route.invitation}
          onClose={() => go(pathOf(route.room, route.seq), { replace: true })}
        />
      )}
      {opening === "switch" && <Switcher onClose={() => setOpening(null)} />}
      {opening === "help" && <Help onClose={() => setOpening(null)} />}
      {opening === "account" && <AccountDialog onClose={() => setOpening(null)} />}
      {opening === "make" && (
        <Maker
          name={naming}
          onClose={() => {
            setNaming("");
            setOpening(null);
          }}
        />
      )}
    </div>
  );
}

function Welcome({ loading, onOpen }: { loading: boolean; onOpen: (opening: Opening) => void }) {
  const { me, rooms } = useChat();
  const none = !loading && rooms.list.length === 0;
  return (
    <main class="welcome" aria-busy={loading}>
      {loading ? (
        <p class="quiet" role="status">
          {words.connecting}
        </p>
      ) : (
        <>
          <Mark />
          <h1 dir="auto">{none ? words.hello(me.name) : words.pickRoom}</h1>
          <p class="quiet">{none ? `${words.noRooms} ${words.noRoomsHint}` : words.pickRoomHint}</p>
          <div class="screen-actions">
            <button type="button" class="button primary" onClick={() => onOpen("find")}>
              {words.findRoom}
            </button>
            <button type="button" class="button" onClick={() => onOpen("make")}>
              {words.newRoom}
            </button>
          </div>
        </>
      )}
    </main>
  );
}
