/*
 * What becomes of a replayed record, and who learns of it. Promela, for Spin 6.5; see ../README.md.
 *
 * One record that failed, up to three replays of it, one after the other or at once. The replayed record goes to metrics-consumer, which stores it or
 * dead-letters it again and tells the outcome through its outbox; admin-service reads metrics.dlq and dlq.replay.events, each at its own pace, and keeps the
 * state of the dead letters. A dead letter is known by the count that it carries: letter c is bit 1 << c. A set of replays is a bit mask as well.
 * Each `atomic` is one thing that others can see happening; between two of them anything may come.
 *
 * Where a step stands for code:
 *   Consumer    apps/metrics-consumer/src/metrics/pipeline.ts `settle`, replays/replay-outcomes.ts `tell`; how it settles is ../settle
 *   Relay       packages/outbox/src/relay.ts, of metrics-consumer's outbox
 *   Replay      apps/admin-service/src/replays: what is done under the lock of a replay's row, so one after the other:
 *                 replays.ts `begin` and `cancel`, issuing.ts `issueNext`, replay-events.ts `answered` and `ended`, consumer-watch.ts `giveUp`,
 *                 replay-rows.ts `finish`. That a chunk is run once is ../replay
 *   Index       apps/admin-service/src/dead-letters/dead-letter-index.ts `apply`
 *   Operator    dead-letters/discards.ts, dead-letters/rebuilding.ts
 *   restate     dead-letters/state.ts
 *
 * A transaction of admin-service is two steps: what it reads last, in `restate`, and its commit. What it writes is seen from its commit on, and a letter's row
 * that another one wrote meanwhile is written over, as PostgreSQL's READ COMMITTED does it: the row is looked at again, what was joined to it is not.
 *
 * As it stands the model has every rule. A switch (-D...) takes one away, or makes a fault possible; configurations.json says which, and what must come of it.
 */
#ifndef REPLAYS
#define REPLAYS 2        /* that operators begin in all */
#endif
#ifndef CAP
#define CAP 2            /* as often may a record be replayed */
#endif
#define LETTERS (CAP + 1)

/* How often each may come; 0 unless given. */
#ifndef CRASH
#define CRASH 0          /* metrics-consumer ends and starts again */
#endif
#ifndef RELAY_CRASH
#define RELAY_CRASH 0    /* the outbox's relay ends between publishing and deleting */
#endif
#ifndef DEPLOY
#define DEPLOY 1         /* code or schema changes, and the record is taken, or is not taken any more */
#endif
#ifndef SKIP
#define SKIP 0           /* retention takes a replayed record before it is read, or an operator skips it */
#endif
#ifndef LIVE
#define LIVE 0           /* 1: a newer value of the same series and time is stored, at any time */
#endif
#ifndef CANCEL
#define CANCEL 0
#endif
#ifndef REFUSE
#define REFUSE 0         /* dlq-replayer does not publish it: its dead letter is gone, is another one, ... */
#endif
#ifndef LATE
#define LATE 0           /* dlq-replayer gets the chunk past its deadline */
#endif
#ifndef DISCARD
#define DISCARD 0
#endif
#ifndef RESTORE
#define RESTORE 0
#endif
#ifndef REBUILD
#define REBUILD 0
#endif

#define BIT(r)    (1 << (r))
#define MAX(a, b) ((a) > (b) -> (a) : (b))

/* ---- what became of it: the better one outranks (replay-events.ts RANK) ---- */
#define UNKNOWN      1
#define FAILED_AGAIN 2
#define REPEATED     3
#define APPLIED      4

/* ---- states of a letter (state.ts STATE); 0: not in the index ---- */
#define OPEN       1
#define REPLAYING  2
#define RECOVERED  3
#define IN_VAIN    4     /* `failed_again` */
#define DISCARDED  5
#define PARKED     6
#define SUPERSEDED 7

/* ---- Kafka ---- */
byte raw[3];                   /* metrics.raw: which replay wrote each offset */
byte rawEnd, committed;
byte dlq = 1;                        /* metrics.dlq: dead letters, by their count */
byte answers[4];           /* dlq.replay.events, not read yet: dlq-replayer's answer ... */
byte outcomes[4];          /* ... and after it metrics-consumer's outcome */
#define PUBLISHED 1
#define REFUSED   2
#define TOO_LATE  3                  /* `refused` for `deadline` */

/* ---- metrics-consumer and its database ---- */
bool taken;                          /* the record is taken by the code and schema that are deployed */
bool stored;                         /* its value, or a newer one, is in the samples table */
byte next;                           /* the ledger line's */
byte outbox[4];
byte happened[4];          /* ghost: what its transaction made of a replay's record */
bool cameBack;                       /* ghost: of some replay, that it is stored */

/* ---- admin-service's database, as committed ---- */
byte state[LETTERS];                 /* dead_letters */
byte position = 1;                   /* of the projection of metrics.dlq: letters that were read */
byte issued, failed;                 /* dead_letter_decisions */
bool closed, discarded;
bool lock;                           /* of the record's row there */
byte held;                           /* replay_items: by replay */
byte count[4], outcome[4], place[4];
bool published[4];         /* answered so */
byte chunk[4];             /* 0: in none */
#define ISSUED   1
#define RUN      2                   /* by dlq-replayer, the answer not read yet */
#define ANSWERED 3
byte replay[4];            /* replays; 0: there is none */
#define RUNNING    1
#define CANCELLING 2
#define CANCELLED  3
#define COMPLETED  4
byte reading;                        /* transactions that have the letters open: nobody empties the table meanwhile */

byte planned;                        /* replays are begun in the order of their numbers, as far as their plans go */
byte crashes = CRASH, relayCrashes = RELAY_CRASH, deploys = DEPLOY, skips = SKIP, lives = LIVE, cancels = CANCEL, refusals = REFUSE,
  lates = LATE, discards = DISCARD, restores = RESTORE, rebuilds = REBUILD;

/* Always 0: they stand in assertions so that a counterexample says what it is one of. */
hidden byte value_missing, dead_letter_missing, recovered_too_early, in_two_replays, count_given_twice, replayed_too_often, replayed_though_decided,
  outcome_wrong, state_wrong, left_held, left_unfinished, left_out_of_index;
hidden byte k, vPresent, vHeld, vIssued, vFailed, vClosed, vDiscarded;

/* ---- state.ts ---- */
#define INDEXED ((state[0] != 0) | ((state[1] != 0) << 1) | ((state[2] != 0) << 2))
#define STATE_OF(c) ((vPresent >> ((c) + 1)) != 0 -> SUPERSEDED : (vClosed -> RECOVERED : (vDiscarded -> DISCARDED : \
  (vHeld != 0 -> REPLAYING : (MAX(c, vIssued) >= CAP -> PARKED : ((c) > 0 || vFailed > 0 -> IN_VAIN : OPEN))))))
inline see() {
  vPresent = INDEXED; vHeld = held; vIssued = issued; vFailed = failed; vClosed = closed; vDiscarded = discarded
}
/* What `restate` is to write; 0 where the letter is that already, or is not seen. */
inline restate() {
  k = 0;
  do
  :: k < LETTERS ->
     want[k] = ((vPresent & BIT(k)) == 0 -> 0 : STATE_OF(k));
     want[k] = (want[k] == state[k] -> 0 : want[k]);
     k++
  :: else -> break
  od;
  reading++
}
inline write() {
  k = 0;
  do
  :: k < LETTERS ->
     assert(want[k] != RECOVERED || (cameBack && stored) || recovered_too_early);
     state[k] = (want[k] != 0 -> want[k] : state[k]);
     want[k] = 0; k++
  :: else -> break
  od;
  reading--
}
/*
 * Who restates a record holds its row of dead_letter_decisions (state.ts, lockRecords). `begin`, `ended` and discards write to it before, and
 * `begin` looks again whether its counts are new (COUNT_IS_NEW; replays.ts, assignCounts).
 */
#if defined(RESTATED_WITHOUT_LOCK) || defined(INDEXED_WITHOUT_LOCK)
#define INDEX_FREE true
#define INDEX_LOCK lock
#define INDEX_UNLOCK lock
#else
#define INDEX_FREE !lock
#define INDEX_LOCK true
#define INDEX_UNLOCK false
#endif
#if defined(RESTATED_WITHOUT_LOCK) || defined(RELEASED_WITHOUT_LOCK)
#define RELEASE_FREE true
#define RELEASE_LOCK lock
#define RELEASE_UNLOCK lock
#else
#define RELEASE_FREE !lock
#define RELEASE_LOCK true
#define RELEASE_UNLOCK false
#endif

/* ---- metrics-consumer ---- */
#ifdef TOLD_BELOW_NEXT
#define SETTLED_BEFORE outbox[r] = (bad -> FAILED_AGAIN : (stored -> REPEATED : APPLIED))
#else
#define SETTLED_BEFORE r = 0         /* of no replay: it was told of before */
#endif
proctype Consumer() {
  byte r; bool bad;
poll: atomic { r = 0; bad = 0 };
end_poll:
  if
  :: atomic { committed < rawEnd -> r = raw[committed]; bad = !taken };
#ifndef DEAD_LETTER_AFTER_COMMIT
     if
     :: bad && committed >= next -> dlq = dlq | BIT(count[r]);       /* 3. acknowledged before anything commits */
        if :: atomic { crashes > 0 -> crashes--; goto poll } :: true fi
     :: else
     fi;
#endif
#ifdef TOLD_BEFORE_COMMIT
     if
     :: atomic { committed >= next -> outbox[r] = (bad -> FAILED_AGAIN : (stored -> REPEATED : APPLIED)) };
        if :: atomic { crashes > 0 -> crashes--; goto poll } :: true fi
     :: else
     fi;
#endif
     atomic {                                                         /* 1., 4. to 7.: one transaction */
       if
       :: committed < next -> SETTLED_BEFORE
       :: committed >= next ->
          happened[r] = (bad -> FAILED_AGAIN : (stored -> REPEATED : APPLIED));
          stored = stored || !bad; cameBack = cameBack || !bad;
          next = committed + 1;
#if !defined(TOLD_AFTER_COMMIT) && !defined(TOLD_BEFORE_COMMIT)
          outbox[r] = happened[r]
#endif
       fi
     };
     if :: atomic { crashes > 0 -> crashes--; goto poll } :: true fi;
#ifdef TOLD_AFTER_COMMIT
     outbox[r] = happened[r];
#endif
#ifdef DEAD_LETTER_AFTER_COMMIT
     atomic { if :: bad -> dlq = dlq | BIT(count[r]) :: else fi };
#endif
     committed++                                                      /* 8. */
  :: atomic { committed < rawEnd && skips > 0 && next <= committed -> skips--; committed++; next = committed }
  fi;
  goto poll
}
proctype Relay() {
  byte r;
end: do
  :: atomic { (outbox[1] != 0 || outbox[2] != 0 || outbox[3] != 0) ->
       if :: outbox[1] != 0 -> r = 1 :: outbox[2] != 0 -> r = 2 :: outbox[3] != 0 -> r = 3 fi;
#ifdef RELAY_DELETES_FIRST
       if :: outcomes[r] = outbox[r] :: relayCrashes > 0 -> relayCrashes-- fi;
       outbox[r] = 0;
#else
       outcomes[r] = outbox[r];
       if :: outbox[r] = 0 :: relayCrashes > 0 -> relayCrashes-- fi;  /* it comes again */
#endif
       r = 0 }
  od
}

/* ---- admin-service ---- */
#define UNREAD (dlq & ~position)
proctype Index() {
  byte want[LETTERS]; byte c;
end: do
  :: atomic { INDEX_FREE && UNREAD != 0 ->
       if :: (UNREAD & 1) -> c = 0 :: (UNREAD & 2) -> c = 1 :: (UNREAD & 4) -> c = 2 fi;   /* partitions: in any order */
#ifdef POSITION_APART
       position = position | BIT(c);
       if :: true :: crashes > 0 -> crashes--; c = 0; goto end fi;         /* here admin-service ends */
#endif
       lock = INDEX_LOCK;
       see(); vPresent = vPresent | BIT(c); restate() };
     atomic {
       write();
#ifdef LETTER_REOPENS
       closed = 0; state[c] = (state[c] == RECOVERED -> IN_VAIN : state[c]);
#endif
       position = position | BIT(c);
       c = 0; lock = INDEX_UNLOCK }
  od
}
#ifdef PARKED_AS_WELL
#define PLANNABLE(c) (state[c] == OPEN || state[c] == IN_VAIN || state[c] == PARKED)
#else
#define PLANNABLE(c) (state[c] == OPEN || state[c] == IN_VAIN)
#endif
#ifdef NO_PLACE
#define PASSED(r) true               /* the broker did not tell the offset: given up after ten minutes, wherever the consumer is */
#else
#define PASSED(r) (committed > place[r])
#endif
#ifdef NOTHING_GIVEN_UP
#define OVERDUE(r) false
#else
#define OVERDUE(r) ((held & BIT(r)) && published[r] && PASSED(r))
#endif
/* What `ended` makes of a record's decisions. */
#define FAILED_BY(o) (o == FAILED_AGAIN -> MAX(failed, count[r]) : failed)
#ifdef CLOSED_BY_NEWEST_ALONE
#define CLOSED_BY(o) (closed || (o >= REPEATED && count[r] == issued))
#else
#ifdef FAILURE_REOPENS
#define CLOSED_BY(o) ((closed || o >= REPEATED) && o != FAILED_AGAIN)
#else
#ifdef FAILURE_CLOSES
#define CLOSED_BY(o) true
#else
#define CLOSED_BY(o) (closed || o >= REPEATED)
#endif
#endif
#endif
inline finish(r) {
  if
  :: replay[r] == RUNNING && (held & BIT(r)) == 0 -> replay[r] = COMPLETED
  :: replay[r] == CANCELLING && chunk[r] != ISSUED && chunk[r] != RUN -> replay[r] = CANCELLED
  :: else
  fi
}
#ifdef HELD_BY_PLAN_ALONE
#define ALONE true
#else
#define ALONE (held == 0)            /* the unique index replay_items_held */
#endif
#ifdef NOT_LOOKED_AT_AGAIN
#define UNDECIDED true
#else
#define UNDECIDED (!closed && !discarded)
#endif
#ifdef CAP_NOT_CONFIRMED
#define WITHIN_CAP true
#else
#define WITHIN_CAP count[r] <= CAP
#endif
#ifdef COUNT_NOT_LOOKED_AT_AGAIN
#define COUNT_IS_NEW true
#else
#define COUNT_IS_NEW (issued < c)
#endif
/* giveCountsBack: of a record that its replay let go without publishing it. */
#define WITHOUT_COUNT(r) (issued == count[r] && count[r] > 0 -> count[r] - 1 : issued)
proctype Replay(byte r) {
  byte want[LETTERS]; byte c, o; bool release, found;
end_plan:
  atomic { planned == r - 1 && (PLANNABLE(0) || PLANNABLE(1) || PLANNABLE(2)) ->       /* begin, 1.: resolved anew */
    planned++;
    if :: PLANNABLE(0) -> c = 0 :: PLANNABLE(1) -> c = 1 :: PLANNABLE(2) -> c = 2 fi;
#ifdef COUNT_FROM_LETTER
    c = c + 1
#else
    c = MAX(c, issued) + 1
#endif
  };
  atomic { !lock ->                                                                    /* 2. counts, which lock; 3. items; 4. still as planned */
    if
    :: ALONE && UNDECIDED && COUNT_IS_NEW -> lock = 1; see(); vIssued = MAX(vIssued, c); vHeld = vHeld | BIT(r); restate()
    :: else -> goto over                                                               /* 409 plan_changed */
    fi };
  atomic {
    assert((!closed && !discarded) || replayed_though_decided);
    assert(held == 0 || in_two_replays);
    k = 1; do :: k < r -> assert(replay[k] == 0 || count[k] != c || count_given_twice); k++ :: else -> break od;
    issued = MAX(issued, c); held = held | BIT(r); count[r] = c; replay[r] = RUNNING; c = 0;
    write(); lock = 0 };
end_row:
  do
  :: atomic { replay[r] == RUNNING && (held & BIT(r)) && chunk[r] == 0 -> chunk[r] = ISSUED }       /* issueNext */
  :: atomic { chunk[r] == ISSUED ->                                                                 /* dlq-replayer */
       chunk[r] = RUN;
       if
       :: WITHIN_CAP ->
#ifndef NO_PLACE
          assert(next == rawEnd || in_two_replays);                     /* no other copy is on its way */
#endif
          assert((count[r] <= CAP && rawEnd < CAP) || replayed_too_often);
          answers[r] = PUBLISHED; raw[rawEnd] = r; place[r] = rawEnd; rawEnd++
       :: !(WITHIN_CAP) -> answers[r] = REFUSED                         /* judge.ts: `capped` */
       :: refusals > 0 -> refusals--; answers[r] = REFUSED
       :: lates > 0 -> lates--; answers[r] = TOO_LATE
       fi }
  :: atomic { answers[r] != 0 && RELEASE_FREE ->                                                    /* answered */
       release = (answers[r] == REFUSED || (answers[r] == TOO_LATE && replay[r] != RUNNING));
#ifdef RELEASED_BY_ANSWER
       release = 1;
#endif
       lock = RELEASE_LOCK;
       see(); vHeld = (release -> vHeld & ~BIT(r) : vHeld);
       vIssued = (release && answers[r] == TOO_LATE -> WITHOUT_COUNT(r) : vIssued); restate() };
     atomic {
       held = (release -> held & ~BIT(r) : held);
       if :: release && answers[r] == TOO_LATE -> issued = WITHOUT_COUNT(r); count[r] = 0 :: else fi;
       published[r] = (answers[r] == PUBLISHED);
       chunk[r] = (answers[r] == TOO_LATE && !release -> 0 : ANSWERED);
       answers[r] = 0; release = 0;
#ifndef ANSWERED_WITHOUT_FINISHING
       finish(r);
#endif
       write(); lock = RELEASE_UNLOCK }
  :: atomic { outcomes[r] != 0 && answers[r] == 0 && !lock ->                                       /* ended: writes to dead_letter_decisions */
       o = outcomes[r];
       assert(o < REPEATED || stored || value_missing);
       assert(o != FAILED_AGAIN || (dlq & BIT(count[r])) != 0 || dead_letter_missing);
       lock = 1;
       see(); vHeld = vHeld & ~BIT(r);
       vFailed = FAILED_BY(o); vClosed = CLOSED_BY(o); restate() };
     atomic {
       failed = FAILED_BY(o); closed = CLOSED_BY(o);
       held = held & ~BIT(r);
#ifdef FIRST_OUTCOME_STAYS
       outcome[r] = (outcome[r] == 0 -> o : outcome[r]);
#else
       outcome[r] = MAX(outcome[r], o);
#endif
       o = 0; outcomes[r] = 0;
       finish(r); write(); lock = 0 }
#ifdef GIVEN_UP_WITHOUT_LOOKING_AGAIN
  :: atomic { OVERDUE(r) && !found -> found = 1 }                                                   /* giveUp, before its transaction */
  :: atomic { found && RELEASE_FREE ->
#else
  :: atomic { OVERDUE(r) && RELEASE_FREE ->                                                         /* giveUp */
#endif
       lock = RELEASE_LOCK;
       see(); vHeld = vHeld & ~BIT(r); restate() };
     atomic {
#ifdef COUNT_GIVEN_BACK_WHEN_GIVEN_UP
       issued = WITHOUT_COUNT(r);
#endif
       held = held & ~BIT(r); outcome[r] = UNKNOWN; found = 0;
       finish(r); write(); lock = RELEASE_UNLOCK }
  :: atomic { cancels > 0 && replay[r] == RUNNING && RELEASE_FREE ->                                /* cancel */
       cancels--;
#ifdef RELEASED_BY_CANCEL
       release = 1;
#else
       release = (chunk[r] == 0);
#endif
       lock = RELEASE_LOCK;
       see(); vHeld = (release -> vHeld & ~BIT(r) : vHeld); vIssued = (release -> WITHOUT_COUNT(r) : vIssued); restate() };
     atomic {
       replay[r] = CANCELLING;
       if :: release -> issued = WITHOUT_COUNT(r); count[r] = 0 :: else fi;
       held = (release -> held & ~BIT(r) : held); release = 0;
       finish(r); write(); lock = RELEASE_UNLOCK }
  od;
over: skip
}
#define NEWEST (state[2] != 0 -> state[2] : (state[1] != 0 -> state[1] : state[0]))
proctype Operator() {
  byte want[LETTERS]; bool give;
end: do
  :: atomic { discards > 0 && !lock && (NEWEST == OPEN || NEWEST == IN_VAIN || NEWEST == PARKED) ->
       discards--; give = 1; lock = 1; see(); vDiscarded = 1; restate() };
     atomic { discarded = give; give = 0; write(); lock = 0 }
  :: atomic { restores > 0 && !lock && NEWEST == DISCARDED -> restores--; lock = 1; see(); vDiscarded = 0; restate() };
     atomic { discarded = 0; write(); lock = 0 }
  :: atomic { rebuilds > 0 && reading == 0 -> rebuilds--; position = 0; state[0] = 0; state[1] = 0; state[2] = 0 }
  od
}
proctype World() {
end: do
  :: atomic { deploys > 0 -> deploys--; taken = !taken }
  :: atomic { lives > 0 -> lives--; stored = 1 }
  od
}

/* At rest: nothing moves any more, and nobody does anything. */
proctype AtRest() {
end: atomic { timeout ->
    assert(held == 0 || left_held);
    assert(dlq == INDEXED || left_out_of_index);
    k = 1;
    do
    :: k <= REPLAYS ->
       assert(replay[k] == 0 || replay[k] >= CANCELLED || left_unfinished);
       assert(outcome[k] == (happened[k] != 0 -> happened[k] : (published[k] -> UNKNOWN : 0)) || outcome_wrong);
       k++
    :: else -> break
    od;
    /* Each letter's state follows from what happened, whatever was told in which order. */
    see(); vClosed = cameBack;
    vFailed = (happened[1] == FAILED_AGAIN || happened[2] == FAILED_AGAIN || happened[3] == FAILED_AGAIN);
    k = 0;
    do
    :: k < LETTERS -> assert(state[k] == 0 || state[k] == STATE_OF(k) || state_wrong); k++
    :: else -> break
    od;
    k = 0 }
}
init { atomic {
  state[0] = OPEN;
  run Consumer(); run Relay(); run Index(); run Replay(1);
#if REPLAYS > 1
  run Replay(2);
#endif
#if REPLAYS > 2
  run Replay(3);
#endif
  run Operator(); run World(); run AtRest() } }
