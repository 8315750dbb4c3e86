/*
 * How a replay is issued, run and answered. Promela, for Spin 6.5; see ../README.md.
 *
 * The outbox's relay publishes the commands of two chunks with two records each; two replayers take turns at owning the commands partition; a
 * coordinator decides their transactions and writes the markers, one topic after another; admin-service reads the answers, cancels, and issues again what is
 * not answered by its deadline. A set of records is a bit mask: record k of chunk c is bit 1 << (2 * c + k). Each `atomic` is one thing that others can see
 * happening; between two of them anything may come.
 *
 * Where a step stands for code:
 *   Replayer      apps/dlq-replayer/src/replays/partition-replayer.ts: `ini` is takeOver, `loop` run, `fenced` what is in doubt
 *                 chunk-transaction.ts: from "begin + records" to "commit"; piece.ts: halving after two aborts (`failed`)
 *                 answers-view.ts: `known`
 *   Coordinator   Kafka's transaction coordinator; `txn` is its state of a transactional id, `epoch` the fencing
 *   Relay         packages/outbox; Issuer and Op are admin-service
 *
 * As it stands the model has every rule. A switch (-D...) takes one away, or makes a fault possible; configurations.json says which, and what must come of it.
 * A counterexample without an assertion is a run that stops before the replay is over: `stuck`.
 */
#ifdef GENERATION_CHECKED
#define NEXT_GENERATION generation++
#define IS_MEMBER (owner == i && joined == generation)
#else
#define NEXT_GENERATION skip
#define IS_MEMBER (owner == i)
#endif
#ifndef REBALANCE
#define REBALANCE 0
#endif
#ifndef CRASH
#define CRASH 0
#endif
#ifndef ABORT
#define ABORT 0
#endif
#ifndef TIMEOUT
#define TIMEOUT 0
#endif
#ifndef ZOMBIE_INIT
#define ZOMBIE_INIT 0
#endif
#ifndef RELAY_CRASH
#define RELAY_CRASH 0
#endif
#ifndef LOCK_LOSS
#define LOCK_LOSS 0
#endif
#ifndef PAUSE
#define PAUSE 0          /* how often an operator pauses the replay, to resume it later */
#endif
#ifdef CANARY
#define CANARY_AT_FIRST WAITING
#else
#define CANARY_AT_FIRST NONE
#endif
#ifdef COMMAND_LOST
#define COMMAND_LOSSES 1
#else
#define COMMAND_LOSSES 0
#endif
#define MAXLOG 7
#define NONE 0
#define ONGOING 1
#define PREPARE_COMMIT 2
#define PREPARE_ABORT 3
#define FULL(c) (3 << (2*(c)))
#define ALL 15
/* The canary is the first chunk, and half of it may fail: it has failed where nothing of it was recovered. */
#define CANARY_RECORDS FULL(0)
#define WAITING 1
#define PASSED 2
#define FAILED 3
#ifdef ID_PER_INSTANCE
#define ID i
#else
#define ID 0
#endif
/* Always 0: they stand in assertions so that a counterexample says what it is one of. */
hidden byte published_twice, not_exactly_once, passed_unanswered, published_after_cancelled, seen_after_cancelled, published_too_late, two_transactions, log_too_short,
  issued_while_paused, issued_beyond_canary, cancelled_came_back;

byte epoch[2], txn[2], openRecords[2], openAnswers[2], openOffset[2], written[2], openRefused[2]; /* coordinator, per transactional.id */
byte published, answered, refused;             /* decided: records, events, refused (ghost) */
byte seenRecords, seenAnswers, committed;             /* visible to read_committed readers */
byte commands[MAXLOG]; byte commandsEnd;   /* commands partition */
byte owner = 0, generation = 0;              /* group's truth */
byte rebalances = REBALANCE, crashes = CRASH, abortsLeft = ABORT, timeouts = TIMEOUT, zombieInits = ZOMBIE_INIT, lockLosses = LOCK_LOSS, losses = COMMAND_LOSSES;
byte outbox[2];                 /* outbox rows: 0 none 1 unpublished 2 published */
byte lock = 0, issued = 0, replay = 0; /* replay 0 running 1 cancelling 2 cancelled 3 completed */
bool tooLate = 0; byte reissuesOfFirst = 1, reissuesOfSecond = 1, relayCrashes = RELAY_CRASH;
/* State `paused` is `replay` 0 and this; an operator may resume what the canary has paused as well. */
bool paused = 0, byCanary = 0, resumed = 0; byte pauses = PAUSE, canary = CANARY_AT_FIRST;
byte ended, recovered;          /* the canary's records: metrics-consumer has told of them, and what */
byte heard, good;               /* ... and what admin-service knows of that; `unknown` is heard and not good */
hidden byte k;

inline decide(t) { /* EndTxn(commit) accepted by the coordinator */
  d_step {
    assert((published & openRecords[t]) == 0 || published_twice);
    assert(!(openRecords[t] != 0 && replay == 2) || published_after_cancelled);
    published = published | openRecords[t]; answered = answered | openAnswers[t]; refused = refused | openRefused[t];
    k = 0;
    do :: k < openOffset[t] -> assert((answered & FULL(commands[k])) == FULL(commands[k]) || passed_unanswered); k++
       :: else -> break od;
    k = 0;
    txn[t] = PREPARE_COMMIT;
    written[t] = (openRecords[t] -> 0 : 1) | (openAnswers[t] -> 0 : 2) | (openOffset[t] -> 0 : 4)
  }
}
proctype Replayer(byte i) {
  byte mine, position, known, c, piece, failed, joined; bool last, late;
idle: atomic { mine=0; position=0; known=0; c=0; piece=0; failed=0; last=0; late=0 };
end_idle: atomic { owner == i -> joined = generation };
ini:
#ifdef OFFSET_BEFORE_INIT
  position = committed;
#endif
#ifdef LOOKUP_BEFORE_INIT
  known = seenAnswers;
#endif
init1: atomic { if :: txn[ID] == ONGOING -> txn[ID] = PREPARE_ABORT; epoch[ID]++ :: else fi };
  if :: atomic { txn[ID] == NONE -> epoch[ID]++; mine = epoch[ID] }
     :: atomic { crashes > 0 -> crashes--; goto idle } fi;
#ifdef INIT_WITHOUT_READING_AGAIN
  if :: last -> last = 0; goto loop :: else fi; /* "last" kept as: I re-initialised in the middle */
#endif
#ifndef OFFSET_BEFORE_INIT
#ifdef STABLE_OFFSET
  atomic { (openOffset[0] == 0 && openOffset[1] == 0) -> position = committed };   /* KIP-447: UNSTABLE_OFFSET_COMMIT */
#else
  position = committed;
#endif
#endif
#ifdef NO_LOOKUP
  known = 0;
#else
#ifndef LOOKUP_BEFORE_INIT
#ifdef TO_HIGH_WATERMARK
  (openAnswers[0] == 0 && openAnswers[1] == 0);
#endif
  known = seenAnswers;
#endif
#endif
loop: atomic { last = 0; c = 0; piece = 0; late = 0 };
end_loop: if
  :: !IS_MEMBER -> goto idle
  :: atomic { crashes > 0 -> crashes--; goto idle }
  :: atomic { position < commandsEnd -> c = commands[position]; piece = FULL(c) & (ALL - known);
       if :: piece == 0 -> position++; goto loop              /* done before: skip */
          :: failed >= 2 && piece == FULL(c) -> piece = 1 << (2*c) /* bisected */
          :: else fi;
       last = (((piece | known) & FULL(c)) == FULL(c)) }
  fi;
  /* begin + records */
  atomic { if :: epoch[ID] != mine -> goto fenced
     :: else -> assert(txn[ID] == NONE || two_transactions);
#ifdef NO_DEADLINE
        assert(!tooLate || published_too_late);
        late = 0;
#else
        late = tooLate;
#endif
        txn[ID] = ONGOING; openRefused[ID] = (late -> piece : 0) fi };
  atomic { if :: epoch[ID] != mine -> goto fenced
     :: epoch[ID] == mine -> openRecords[ID] = (late -> 0 : piece)
     :: crashes > 0 -> crashes--; goto idle
     :: epoch[ID] == mine && abortsLeft > 0 -> abortsLeft--; goto abort fi };
  /* event */
  atomic { if :: epoch[ID] != mine -> goto fenced
     :: epoch[ID] == mine ->
#ifdef EVENT_ANSWERS_WHOLE_CHUNK
        openAnswers[ID] = FULL(c)
#else
#ifdef EVENT_WITH_LAST_HALF
        openAnswers[ID] = (last -> FULL(c) : 0)
#else
        openAnswers[ID] = piece
#endif
#endif
     :: crashes > 0 -> crashes--; goto idle fi };
  /* offset */
#ifdef OFFSET_OUTSIDE_TRANSACTION
  if :: last -> committed = position + 1; assert((answered & FULL(c)) == FULL(c) || passed_unanswered) :: else fi; /* committed by the consumer itself */
#else
  atomic { if :: epoch[ID] != mine -> goto fenced
#ifdef GENERATION_CHECKED
     :: !IS_MEMBER && epoch[ID] == mine -> txn[ID] = PREPARE_ABORT; goto idle  /* ILLEGAL_GENERATION: abort */
     :: IS_MEMBER && epoch[ID] == mine -> openOffset[ID] = (last -> position + 1 : 0)
#else
     :: epoch[ID] == mine -> openOffset[ID] = (last -> position + 1 : 0)
#endif
     :: crashes > 0 -> crashes--; goto idle fi };
#endif
  /* commit */
  atomic { if :: epoch[ID] != mine -> goto fenced
     :: epoch[ID] == mine -> decide(ID)
     :: crashes > 0 -> crashes--; goto idle fi };
  if :: atomic { epoch[ID] == mine && txn[ID] == NONE -> known = known | piece; failed = 0; if :: last -> position++ :: else fi; goto loop }
     :: epoch[ID] != mine -> goto fenced
     :: atomic { crashes > 0 -> crashes--; goto idle }
     :: atomic { timeouts > 0 -> timeouts--; last = 1; goto init1x } fi; /* commit timed outbox: result unknown */
abort: atomic { if :: epoch[ID] != mine -> goto fenced :: else -> failed++; txn[ID] = PREPARE_ABORT fi };
  if :: epoch[ID] == mine && txn[ID] == NONE -> goto loop
     :: epoch[ID] != mine -> goto fenced fi;
fenced:
#ifdef FENCED_OWNER_STOPS
  owner != i -> goto idle;
#else
  if :: owner == i -> last = 1; goto init1x
     :: owner != i -> goto idle
     :: atomic { owner != i && zombieInits > 0 -> zombieInits--; last = 1; goto init1x } fi;
#endif
init1x:
#ifdef INIT_WITHOUT_READING_AGAIN
  goto init1
#else
  atomic { known = 0; position = 0; c = 0; piece = 0; failed = 0; last = 0; late = 0 }; goto ini
#endif
}
inline markers(t) {
  if
  :: atomic { txn[t] == PREPARE_COMMIT && !(written[t] & 1) -> written[t] = written[t] | 1; seenRecords = seenRecords | openRecords[t];
#ifdef CANCELLED_AND_SEEN
       assert(replay != 2 || seen_after_cancelled);
#endif
     }
  :: atomic { txn[t] == PREPARE_COMMIT && !(written[t] & 2) -> written[t] = written[t] | 2; seenAnswers = seenAnswers | openAnswers[t] }
  :: atomic { txn[t] == PREPARE_COMMIT && !(written[t] & 4) -> written[t] = written[t] | 4; committed = openOffset[t] }
  :: atomic { txn[t] == PREPARE_COMMIT && written[t] == 7 -> txn[t] = NONE; written[t] = 0; openRecords[t] = 0; openAnswers[t] = 0; openOffset[t] = 0; openRefused[t] = 0 }
  :: atomic { txn[t] == PREPARE_ABORT -> txn[t] = NONE; written[t] = 0; openRecords[t] = 0; openAnswers[t] = 0; openOffset[t] = 0; openRefused[t] = 0 }
  :: atomic { txn[t] == ONGOING && timeouts > 0 -> timeouts--; epoch[t]++; txn[t] = PREPARE_ABORT }           /* transaction.timeout.ms */
  /* nobody comes back for it: the time-outbox always ends it at last */
  :: atomic { txn[t] == ONGOING && timeout -> epoch[t]++; txn[t] = PREPARE_ABORT }
  fi
}
proctype Coordinator(byte t) { end: do :: markers(t) od }
#define UNPUBLISHED (outbox[0] == 1 || outbox[1] == 1)
proctype Relay(byte me) {
  byte n;
end: do
#ifdef RELAY_WITHOUT_LOCK
  :: atomic { UNPUBLISHED -> n = (outbox[0] == 1 -> 0 : 1) };
#else
  :: atomic { UNPUBLISHED && (lock == 0 || lock == me) -> lock = me; n = (outbox[0] == 1 -> 0 : 1) };
#endif
     if :: atomic { true -> assert(commandsEnd < MAXLOG || log_too_short); commands[commandsEnd] = n; commandsEnd++ }  /* publish, lock or no lock */
        :: atomic { losses > 0 -> losses-- } fi;                          /* retention, unreadable: command lost */
     if :: atomic { true -> if :: outbox[n] == 1 -> outbox[n] = 2 :: else fi; n = 0 }
        :: atomic { relayCrashes > 0 -> relayCrashes--; n = 0 } fi                        /* crash before marking: published twice */
  od
}
proctype Faults() {
end: do :: atomic { rebalances > 0 -> rebalances--; owner = 1 - owner; NEXT_GENERATION }
        :: atomic { lockLosses > 0 && lock > 0 -> lockLosses--; lock = 0 } od
}
#ifdef NEVER_LATE
#define MAY_BE_LATE 0
#else
#define MAY_BE_LATE 1
#endif
proctype Clock() { tooLate = MAY_BE_LATE }   /* deadline passes at any time, also after the end */
#define STILL_HELD (CANARY_RECORDS & ~(heard | (seenAnswers & refused)))   /* of the canary: without an end */
inline issue() {
  assert(!paused || issued_while_paused);
  /* Behind a canary only what it allows: each of its records has an end, and enough of them came back. */
  assert(issued == 0 || canary == NONE || resumed || (STILL_HELD == 0 && (recovered & CANARY_RECORDS) != 0) || issued_beyond_canary);
  outbox[issued] = 1; issued++
}
#define DUE (issued < (canary == WAITING -> 1 : 2) && replay == 0 && !paused)
proctype Issuer() {
end: do
#ifdef ISSUED_OUTSIDE_TRANSACTION
  :: DUE -> atomic { issue() }   /* state read outside the transaction */
#else
  :: atomic { DUE -> issue() }
#endif
  :: issued == 2 || replay > 0 -> break od
}
/* issuing.ts judgeCanary, under the replay's lock. */
#ifdef CANARY_JUDGED_BY_ANSWERS
#define JUDGED ((seenAnswers & CANARY_RECORDS) == CANARY_RECORDS)
#define CAME_BACK (seenAnswers & ~refused)
#else
#ifdef CANARY_JUDGED_BY_FIRST
#define JUDGED ((heard & CANARY_RECORDS) != 0)
#else
#define JUDGED (STILL_HELD == 0)
#endif
#ifdef UNKNOWN_FOR_RECOVERED
#define CAME_BACK heard
#else
#define CAME_BACK good
#endif
#endif
inline pass() { canary = PASSED }
inline fail() { assert(replay == 0 || cancelled_came_back); canary = FAILED; replay = 0; paused = 1; byCanary = 1 }
proctype Canary() {
  byte r;
end: do
  /* metrics-consumer: applied or repeated, or failed again */
  :: atomic { (seenRecords & CANARY_RECORDS & ~ended) != 0 ->
       if :: (seenRecords & ~ended & 1) -> r = 1 :: (seenRecords & ~ended & 2) -> r = 2 fi;
       ended = ended | r; if :: recovered = recovered | r :: true fi; r = 0 }
  /* replay-events.ts `ended`: what is better known stays */
  :: atomic { (seenAnswers & ended & ~refused & ~heard) != 0 -> r = seenAnswers & ended & ~refused & ~heard; heard = heard | r; good = good | (recovered & r); r = 0 }
  /* consumer-watch.ts: the consumer has gone past them, and nothing was heard */
  :: atomic { (seenAnswers & CANARY_RECORDS & ~refused & ~heard) != 0 -> heard = heard | (seenAnswers & CANARY_RECORDS & ~refused) }
#ifdef CANARY_JUDGED_OUTSIDE_TRANSACTION
  :: canary == WAITING && replay == 0 && !paused && JUDGED -> if :: atomic { (CAME_BACK & CANARY_RECORDS) != 0 -> pass() } :: atomic { (CAME_BACK & CANARY_RECORDS) == 0 -> fail() } fi
#else
  :: atomic { canary == WAITING && replay == 0 && !paused && issued > 0 && JUDGED -> if :: (CAME_BACK & CANARY_RECORDS) != 0 -> pass() :: else -> fail() fi }
#endif
  od
}
#define ISSUED_RECORDS (issued == 0 -> 0 : (issued == 1 -> 3 : 15))
proctype Op() {
  do
#ifndef NO_CANCEL
  :: atomic { replay == 0 -> replay = 1 }
#endif
  :: atomic { pauses > 0 && replay == 0 && !paused -> pauses--; paused = 1 }
#ifndef NEVER_RESUMED
  :: atomic { paused && replay == 0 -> paused = 0; resumed = (resumed || byCanary); byCanary = 0 }
#endif
#ifdef CANCELLED_AT_ONCE
  :: atomic { replay == 1 -> replay = 2 }
#endif
#ifdef CANCELLED_BY_DEADLINE
  :: atomic { replay == 1 && tooLate -> replay = 2 }
#endif
  :: atomic { replay == 1 && ((seenAnswers & ISSUED_RECORDS) == ISSUED_RECORDS) -> replay = 2 }
  :: atomic { replay == 0 && issued == 2 && seenAnswers == ALL -> replay = 3; assert(((published | refused) == ALL && (published & refused) == 0) || not_exactly_once) }
#ifdef REISSUE
  :: atomic { tooLate && reissuesOfFirst > 0 && replay < 2 && outbox[0] == 2 && (seenAnswers & 3) != 3 -> reissuesOfFirst--; outbox[0] = 1 }
  :: atomic { tooLate && reissuesOfSecond > 0 && replay < 2 && outbox[1] == 2 && (seenAnswers & 12) != 12 -> reissuesOfSecond--; outbox[1] = 1 }
#endif
  :: replay >= 2 -> break
  od
}
init { atomic { run Replayer(0); run Replayer(1); run Coordinator(0);
#ifdef ID_PER_INSTANCE
  run Coordinator(1);
#endif
  run Relay(1);
#ifdef TWO_RELAYS
  run Relay(2);
#endif
#ifdef CANARY
  run Canary();
#endif
  run Faults(); run Clock(); run Issuer(); run Op() } }
