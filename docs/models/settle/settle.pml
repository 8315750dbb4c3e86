/*
 * How metrics-consumer settles one partition of metrics.raw. Promela, for Spin 6.5; see ../README.md.
 *
 * Two members of the group, one partition of N offsets, the ledger's line, the DLQ, and everything that may go wrong between them. A set of
 * offsets is a bit mask: offset o is bit 1 << o. Each `atomic` is one thing that others can see happening; between two of them
 * anything may come.
 *
 * Names are the code's. Where a step stands for code, its comment says which:
 *   pipeline      apps/metrics-consumer/src/metrics/pipeline.ts       settle, publish
 *   settlement    apps/metrics-consumer/src/metrics/settlement.ts     Settlement
 *   gap check     apps/metrics-consumer/src/metrics/gap-check.ts      GapCheck, over packages/kafka .../consumer/log-probe.ts
 *   handler       apps/metrics-consumer/src/metrics/metrics.handler.ts
 *   watch         apps/metrics-consumer/src/ledger/ledger-watch.ts
 *   catch-up      apps/metrics-consumer/src/ledger/catch-up.ts
 *   skip          apps/metrics-consumer/src/ledger/ledger-skip.ts
 *   store         packages/metrics-store/src/metrics-store.ts         transaction; ledger.ts beginWithLines, moveLinesAndCommit
 *   consumer      packages/kafka/src/clients/consumer                 start-offsets, delivery, offset-committer, consumer-session, rebalances
 *
 * As it stands the model has every rule. A switch (-D...) takes one away;
 * configurations.json says which, and what must come of it.
 */
#ifndef N
#define N 2
#endif

/* How often each fault may come; 0 unless given. */
#ifndef CRASH
#define CRASH 0          /* a process ends and starts again */
#endif
#ifndef REBALANCE
#define REBALANCE 0      /* the group gives the partition to the other member; the first notices later, or never */
#endif
#ifndef LOST
#define LOST 0           /* an acknowledgement, the answer to a COMMIT or a transaction is lost */
#endif
#ifndef DROP
#define DROP 0           /* the client passes over records that are in the log */
#endif
#ifndef FREEZE
#define FREEZE 0         /* a process freezes for ever, perhaps with the row lock held */
#endif
#ifndef FAILOVER
#define FAILOVER 0       /* the database comes back without its last commits */
#endif
#ifndef RETENTION
#define RETENTION 0      /* 1: the log start may move on, at any time, up to the end of the log */
#endif
#ifndef RESET
#define RESET 0          /* an operator sets the group's committed offset, back or forward */
#endif
#ifndef SKIP
#define SKIP 0           /* an operator moves the ledger's line forward */
#endif

#ifdef RECORD_FOLLOWS
#define LOG_MAY_START (N - 1)   /* the last offset holds a record, and is never deleted */
#else
#define LOG_MAY_START N
#endif

#define ALL         ((1 << N) - 1)
#define BELOW(o)    ((1 << (o)) - 1)
#define FROM(o)     (ALL & ~BELOW(o))
#define RANGE(a, b) (BELOW(b) & ~BELOW(a))
#define LOWEST(m)   ((m) & (~(m) + 1))
#define FIRST(m)    (((m) & 1) -> 0 : (((m) & 2) -> 1 : (((m) & 4) -> 2 : 3)))                        /* its lowest offset */
#define END(m)      (((m) & 8) -> 4 : (((m) & 4) -> 3 : (((m) & 2) -> 2 : (((m) & 1) -> 1 : 0))))     /* past its highest */

/* ---- the log: what each offset holds, chosen at the start ---- */
byte blank;               /* a control record, or one of an aborted transaction: nothing for a read_committed reader */
byte poison;              /* can't be decoded, or breaks a rule: known before the transaction */
byte refused;             /* the database refuses the row: known once it was tried */
byte poisonBefore, refusedBefore;   /* as above, but only for the code, or the schema, from before a deploy */
bool schemaNew;           /* the database has the schema that takes refusedBefore */
byte logStart;            /* what lies below was deleted by retention */
#define GONE        BELOW(logStart)
#define IN_LOG      (ALL & ~blank & ~GONE)

/* ---- the group and the DLQ ---- */
byte committed;           /* the group's committed offset; 0 also where there is none */
bool byOperator;          /* ... and an operator has set it past what is settled */
byte owner = 1;           /* the member that the partition belongs to */
bool member[3];           /* of the current generation; one that lost the partition and goes on is a zombie */
byte frozen;              /* the member that is, 0 = none */
byte dlq;                 /* dead letters in metrics.dlq, by identity */
byte inFlight;            /* sent and never acknowledged: may still land */

/* ---- the database, as committed ---- */
byte next;                /* the ledger line's; what lies below is settled */
byte first;               /* where the line begins */
bool line;                /* is there one */
byte store;               /* offsets whose value is in the samples table */
byte stored, deadLettered, gap, expired, skipped;   /* the line's counts, as the offsets that were counted */
#define COUNTED     (stored | deadLettered | gap | expired | skipped)
byte lock;                /* the line's row lock: 0 free, 1 and 2 a member's, IN_DOUBT */
#define IN_DOUBT 3        /* a COMMIT whose client is gone: the server has yet to do it, or not */
byte dRows, dNext, dTo, dBad, dGap, dExpired;       /* what that COMMIT holds */

/* ---- faults left ---- */
byte crashes = CRASH, rebalances = REBALANCE, losses = LOST, drops = DROP, freezes = FREEZE, failovers = FAILOVER, resets = RESET, skips = SKIP;
bool retention = RETENTION;
#ifdef REDEPLOY
bool deploys = 1;
#else
bool deploys = 0;
#endif
/* Always 0: they stand in assertions so that a counterexample says what it is one of. */
hidden byte ledger_unbalanced, counted_twice, value_missing, dead_letter_missing, record_taken_for_gap, expired_too_early,
  stored_and_counted_otherwise, stored_and_dead_letter, committed_past_unsettled, left_unsettled, left_with_lag;

bool started, calm;       /* calm: no further fault comes */

/* ---- what always holds ---- */
/* The committed offset lies beyond something that is not settled. */
#define PASSED ((BELOW(committed) & ~(store | dlq | blank | GONE | skipped)) != 0)
inline check() {
  /* Each offset from the line's first to its next is counted, and as what it is. */
  assert((COUNTED | (BELOW(first) & blank)) == BELOW(next) || ledger_unbalanced);
  assert((stored & ~store) == 0 || value_missing);
  assert((deadLettered & ~dlq) == 0 || dead_letter_missing);
  assert((gap & ~blank) == 0 || record_taken_for_gap);
  assert((expired & ~GONE) == 0 || expired_too_early);
  assert(((deadLettered | expired | skipped) & store) == 0 || stored_and_counted_otherwise);
  /* Nor is what counts as stored in the DLQ; except where a deploy changes what a record is taken for. */
#if !defined(REDEPLOY) || defined(NEVER_BOTH)
  assert((stored & dlq) == 0 || stored_and_dead_letter);
#endif
  /* The committed offset passes nothing that is unsettled, unless an operator set it or a client or a database forgot something. */
#if !DROP && !FAILOVER
  assert(byOperator || !PASSED || committed_past_unsettled);
#endif
}

/* COMMIT: rows and line become visible as one. Asserts that no offset is counted a second time. */
inline apply(rows_, next_, to_, bad_, gap_, expired_) {
#ifdef ROWS_APART
  if :: store = store | (rows_) :: losses > 0 -> losses-- fi;          /* a transaction of their own, which may fail alone */
#else
  store = store | (rows_);
#endif
  if
  :: (to_) > (next_) ->
     assert((((((rows_) | (bad_)) & RANGE(next_, to_)) | (gap_) | (expired_)) & COUNTED) == 0 || counted_twice);
     stored = stored | ((rows_) & RANGE(next_, to_));
     deadLettered = deadLettered | ((bad_) & RANGE(next_, to_));
     gap = gap | (gap_);
     expired = expired | (expired_);
#ifdef LINE_FROM_BATCH
     if :: !line -> first = next_ :: else fi;
#endif
     line = 1;
     next = to_
  :: else
  fi;
  check()
}

#ifdef NO_LOCK
#define HOLDS  true
#define UNLOCK skip
#else
#define HOLDS  (lock == me)
#define UNLOCK lock = (lock == me -> 0 : lock)
#endif

#ifdef WRITE_BELOW_NEXT
#define ROWS   (records & ~bad)
#else
#define ROWS   (records & ~bad & FROM(n))       /* settlement: what lies below next is left out */
#endif
#define MISSING (RANGE(n, to) & ~records)       /* offset-gaps: no record there */
#define GAP     (MISSING & ~gone)

#define DECODE      bad = records & (poison | (newCode -> 0 : poisonBefore))
/* The attempt failed: nothing of it counts, the same batch comes again (delivery.run). */
#define AGAIN       n = 0; acked = 0; gone = 0; DECODE; pc = LOCK
#define FORGET      records = 0; bad = 0; acked = 0; gone = 0; n = 0; to = 0
/* A new stretch of the partition: what was to be committed for the old one is not any more (AssignedPartition). */
#define STRETCH(at) FORGET; pos = at; moved = 0; settledTo = 0; DROP_COMMIT
#define LEAVE       STRETCH(0); newCode = 0
#ifdef UNFENCED
#define DROP_COMMIT skip
#else
#define DROP_COMMIT want = 0
#endif

#ifdef START_WITHOUT_LINE_AT_COMMITTED
#define NO_LINE N
#else
#define NO_LINE 0         /* handler.startOffsets: without a line, from the beginning */
#endif

mtype = { NONE, COMMITTED_KNOWN, NEXT_KNOWN, READ, LOCK, PROBE, LOW, SETTLE, COMMIT, FROZEN };

proctype Consumer(byte me) {
  mtype pc = NONE;
  byte pos;               /* the client's position */
  byte records, to;       /* the batch: its records, and the offset past the last of them */
  byte n;                 /* next, as read in this transaction */
  byte bad;               /* refusals, so far */
  byte acked;             /* of those, whose dead letter was acknowledged in this attempt */
  byte gone;              /* missing offsets found to be below the log start */
  byte settledTo;         /* AssignedPartition.next: up to where this stretch is settled */
  byte want;              /* to be committed (offset-committer) */
  bool moved;             /* the client knows a position, since something was read in this stretch */
  bool newCode;
  byte t;
end: do

  /* ---- assigned: rebalances.assign, start-offsets.ask. Committed offset and ledger are asked at once; either answer may be the older ---- */
  :: atomic { started && pc == NONE && owner == me ->
       member[me] = 1;
       if :: poisonBefore -> if :: newCode = 0 :: newCode = 1 fi :: else fi;
       if :: n = committed; pc = COMMITTED_KNOWN :: n = (line -> next : NO_LINE); pc = NEXT_KNOWN fi }
  :: atomic { pc == COMMITTED_KNOWN || pc == NEXT_KNOWN ->
       t = (pc == COMMITTED_KNOWN -> (line -> next : NO_LINE) : committed);
#ifdef START_AT_COMMITTED
       pos = committed;
#else
#ifdef START_AT_NEXT
       pos = (line -> next : 0);
#else
       pos = (n < t -> n : t);                                       /* the lower of the two */
#endif
#endif
       n = 0; t = 0; pc = READ }

  /* ---- fetch-loop, delivery.begin: a batch is some of the records from the position on; retention sends it to the log start (earliest) ---- */
  :: atomic { pc == READ && (IN_LOG & FROM(pos)) ->
#ifdef EXPIRED_BY_POSITION
       if   /* what lies between the position and the log start is counted at once, and not from next */
       :: pos < logStart && lock == 0 ->
          apply(0, pos, logStart, 0, 0, RANGE(pos, logStart)); pos = logStart
       :: else
       fi;
#endif
       t = IN_LOG & FROM(pos);
       if
       :: (t & BELOW(1)) -> records = t & BELOW(1)
       :: (t & BELOW(2)) -> records = t & BELOW(2)
#if N > 2
       :: (t & BELOW(3)) -> records = t & BELOW(3)
#endif
       fi;
       pos = END(records); moved = 1;
       if
       :: skip
       :: drops > 0 -> drops--;
          if :: records = records & ~LOWEST(records) :: records = LOWEST(records) :: records = 0 fi
       fi;
       t = 0; to = END(records);
       if :: records -> DECODE; pc = LOCK :: else fi }

  /* ---- at the end of the log: the position goes past control records, and past what retention has taken ---- */
  :: atomic { pc == READ && !(IN_LOG & FROM(pos)) && pos < N ->
       if :: (blank & FROM(pos) & ~GONE) -> moved = 1 :: else fi;
       pos = N }
  /* consumer-session.settleGaps: commits the position, so that control records leave no lag */
  :: atomic { pc == READ && pos == N && moved && settledTo < N && want == 0 -> settledTo = N; want = N }
#ifdef SEEK_BACK_WHEN_IDLE
  :: atomic { pc == READ && pos == N && !(IN_LOG & FROM(pos)) && next < N -> STRETCH(next) }
#endif
#if !defined(NO_IDLE_SETTLING) && !defined(SEEK_BACK_WHEN_IDLE)
  /* watch.settle. Idle, and the line is behind the position: what lies between is settled as a batch without records. Finds what a failover undid,
     what the client passed over last, and what expired with nothing after it. */
  :: atomic { pc == READ && pos == N && !(IN_LOG & FROM(pos)) && next < N -> to = N; pc = LOCK }
#endif

#ifdef CATCH_UP
  /* ---- catch-up, consumer.advance: the ledger stands past the batch in hand. It is given up, and reading goes on at the line, which is committed ---- */
  :: atomic { pc == LOCK && records && lock != me && to <= next ->
       t = next; STRETCH(t);
#ifndef CATCH_UP_UNCOMMITTED
       settledTo = t; want = t;
#endif
       t = 0; pc = READ }
#endif

  /* ---- store.transaction, beginWithLines: BEGIN; INSERT the line where there is none; SELECT next ... FOR UPDATE ---- */
#ifdef NEXT_BEFORE_LOCK
  :: atomic { pc == LOCK && n == 0 && lock != me && next > 0 -> n = next }    /* read at some time before */
#endif
  :: atomic { pc == LOCK &&
#ifndef NO_LOCK
       lock == 0 -> lock = me;
#else
       true ->
#endif
#ifndef NEXT_BEFORE_LOCK
       n = next;
#endif
#ifdef COUNT_BELOW_NEXT
       if :: records && FIRST(records) < n -> n = FIRST(records) :: else fi;      /* what is redelivered is settled again */
#endif
#ifdef LINE_FROM_BATCH
       if :: !line && records -> n = FIRST(records) :: else fi;      /* a new line begins where its first batch does */
#endif
#ifdef NO_GAP_CHECK
       pc = SETTLE }
#else
#ifdef LOW_BEFORE_FETCH
       pc = LOW }
#else
       pc = PROBE }
#endif
#endif

  /* ---- gap check: offsets without a record are fetched once more. Nobody asks the database meanwhile whether the lock is still held ---- */
  :: atomic { pc == PROBE ->
       if
       :: (MISSING & IN_LOG) ->                                       /* RecordMissedError: handler.goTo */
          UNLOCK; t = FIRST(MISSING & IN_LOG); STRETCH(t); t = 0; pc = READ
       :: else ->
#ifdef LOW_BEFORE_FETCH
          pc = SETTLE
#else
          if :: MISSING -> pc = LOW :: else -> pc = SETTLE fi
#endif
       fi }
  /* ... and only then the log start is asked: what lies below is expired; what lies above, the fetch has shown to hold nothing */
  :: atomic { pc == LOW ->
#ifdef EXPIRED_WITHOUT_LOW
       gone = MISSING;
#else
       gone = MISSING & GONE;
#endif
#ifdef LOW_BEFORE_FETCH
       pc = PROBE
#else
       pc = SETTLE
#endif
     }

  /* ---- pipeline: dead letters, then rows; what the database refuses becomes a dead letter, and again ---- */
  :: atomic { pc == SETTLE ->
       t = bad & FROM(n) & ~acked;
       if
#ifndef DLQ_AFTER_COMMIT
       :: t ->                                                        /* also where the server has ended the transaction meanwhile */
#ifdef DLQ_NOT_AWAITED
          inFlight = inFlight | t; acked = acked | t
#else
          if
          :: dlq = dlq | t; acked = acked | t
          :: losses > 0 -> losses--;                                  /* delivery_unknown: all, some or none of them landed, or will */
             if :: dlq = dlq | t :: dlq = dlq | LOWEST(t) :: inFlight = inFlight | t :: skip fi;
#ifdef DLQ_UNKNOWN_IS_SUCCESS
             acked = acked | t
#else
             UNLOCK; AGAIN
#endif
          fi;
          check()
#endif
#endif
       :: else ->
          t = ROWS & (refused | (schemaNew -> 0 : refusedBefore));
          if
          :: !HOLDS -> AGAIN
          :: HOLDS && t -> bad = bad | t                              /* ROLLBACK TO SAVEPOINT: the lock is kept */
          :: HOLDS && !t -> pc = COMMIT
          fi
       fi;
       t = 0 }

#ifdef COMMIT_OFFSETS_FIRST
  :: atomic { pc == COMMIT && want == 0 && settledTo < to -> settledTo = to; want = to }
#endif
  /* ---- moveLinesAndCommit; then delivery settles, and the next batch may come ---- */
  :: atomic { pc == COMMIT ->
       if
       :: !HOLDS -> AGAIN
       :: HOLDS ->
          if
          :: apply(ROWS, n, to, bad & FROM(n), GAP, gone); UNLOCK; t = 1
          :: losses > 0 -> losses--;                                  /* no answer */
             if
             :: apply(ROWS, n, to, bad & FROM(n), GAP, gone); UNLOCK
             :: UNLOCK
#ifndef NO_LOCK
             :: lock = IN_DOUBT; dRows = ROWS; dNext = n; dTo = to; dBad = bad & FROM(n); dGap = GAP; dExpired = gone
#endif
             fi;
#ifdef UNKNOWN_COMMIT_IS_SUCCESS
             t = 1
#else
#ifdef UNKNOWN_COMMIT_KEEPS_NEXT
             if :: lock == 0 -> lock = me; pc = COMMIT :: else -> AGAIN fi
#else
             AGAIN
#endif
#endif
          fi;
          if
          :: t ->
             t = 0;
             if :: to > settledTo -> settledTo = to; want = to :: else fi;
#ifdef DLQ_AFTER_COMMIT
             dlq = dlq | (bad & FROM(n));
#endif
             FORGET; pc = READ
          :: else
          fi
       fi }

  /* ---- offset-committer: with the member's generation, beside the next batch; repeated until it is answered or the partition is not ours ---- */
  :: atomic { want > 0 && pc != FROZEN ->
#ifdef UNFENCED
       committed = want; byOperator = byOperator && PASSED; want = 0; check()
#else
       if
       :: member[me] -> committed = want; byOperator = byOperator && PASSED; want = 0; check()
       :: !member[me] -> want = 0
       :: losses > 0 -> losses--; if :: member[me] -> committed = want; byOperator = byOperator && PASSED; check() :: skip fi
       fi
#endif
     }

  /* ---- rebalances.giveUp: it notices that the partition is lost, at whatever it is; a transaction is rolled back ---- */
  :: atomic { pc != NONE && pc != FROZEN && !member[me] ->
       if :: lock == me -> lock = 0 :: else fi;
       LEAVE; pc = NONE }
  /* The process ends and starts again; a COMMIT may be on its way. */
  :: atomic { crashes > 0 && pc != NONE && pc != FROZEN -> crashes--;
       if
       :: lock == me && pc == COMMIT -> lock = IN_DOUBT; dRows = ROWS; dNext = n; dTo = to; dBad = bad & FROM(n); dGap = GAP; dExpired = gone
       :: lock == me -> lock = 0
       :: lock != me
       fi;
       member[me] = 0; LEAVE; pc = NONE }
  /* The process freezes, and the group gives the partition to the other. */
  :: atomic { freezes > 0 && pc != NONE && pc != FROZEN -> freezes--;
       frozen = me; member[1] = 0; member[2] = 0; owner = 3 - me; LEAVE; want = 0; pc = FROZEN }
  od
}

/* ---- what the database does by itself ---- */
proctype Database() {
end: do
  :: atomic { lock == IN_DOUBT ->
       if :: apply(dRows, dNext, dTo, dBad, dGap, dExpired) :: skip fi;
       dRows = 0; dNext = 0; dTo = 0; dBad = 0; dGap = 0; dExpired = 0; lock = 0 }
#ifndef NO_TIMEOUTS
  :: atomic { frozen > 0 && lock == frozen -> lock = 0 }              /* idle_in_transaction_session_timeout and its kin (connection.ts) */
#endif
  od
}

/* ---- what comes from outside ---- */
#ifdef RESET_ANY_TIME
#define MAY_RESET true
#else
#define MAY_RESET (!member[1] && !member[2])                         /* Kafka refuses it while the group has members; zombies may live */
#endif
proctype World() {
  byte s, seen;
end: do
  :: atomic { started && rebalances > 0 && frozen == 0 -> rebalances--; member[1] = 0; member[2] = 0; owner = 3 - owner }
  :: atomic { inFlight -> if :: dlq = dlq | inFlight; check() :: skip fi; inFlight = 0 }
  :: atomic { losses > 0 && (lock == 1 || lock == 2) -> losses--; lock = 0 }          /* the server ends a session */
  :: atomic { deploys -> deploys = 0; schemaNew = !schemaNew }                        /* or rolled back */
  :: atomic { failovers > 0 && lock == 0 && line -> failovers--;
       line = 0; first = 0; next = 0; store = 0; stored = 0; deadLettered = 0; gap = 0; expired = 0; skipped = 0 }
  :: atomic { retention && logStart < LOG_MAY_START -> logStart++; check() }
  :: atomic { resets > 0 && MAY_RESET -> resets--; byOperator = 1;
       if :: committed = 0 :: committed = 1 :: committed = N fi }
#ifdef SKIP_UNLOCKED
  :: atomic { skips == 1 && line && next < N -> seen = next; skips = 7 }              /* next is read ... */
  :: atomic { skips == 7 && lock == 0 -> skips = 0; s = N;                            /* ... and the line written later */
       assert((RANGE(seen, s) & COUNTED) == 0 || counted_twice);
       skipped = skipped | RANGE(seen, s); next = s; seen = 0; s = 0; check() }
#else
  :: atomic { skips > 0 && lock == 0 && next < N -> skips--;                          /* skip.move: an operator's own transaction, under the row lock */
       if :: s = next + 1 :: s = N fi;
       skipped = skipped | RANGE(next, s); line = 1; next = s; s = 0; check() }
#endif
  :: atomic { started && !calm -> calm = 1;
       crashes = 0; rebalances = 0; losses = 0; drops = 0; freezes = 0; failovers = 0; resets = 0; deploys = 0; retention = 0;
       if :: skips == 1 -> skips = 0 :: else fi }
  od
}

/* ---- nothing can move any more: everything that was accepted has its end ---- */
proctype Quiescence() {
end: atomic { timeout ->
       assert((FROM(next) & ~blank) == 0 || left_unsettled);
       check();
       /* no lag, as progress-monitor measures it */
       assert(byOperator || (committed < logStart -> logStart : committed) == N || left_with_lag) }
}

init {
  byte o = 0;
  atomic {
    do
    :: o < N ->
       if
       :: skip
#ifdef RECORD_FOLLOWS
       :: o < N - 1 -> blank = blank | (1 << o)
#else
       :: blank = blank | (1 << o)
#endif
       :: poison = poison | (1 << o)
       :: refused = refused | (1 << o)
#ifdef REDEPLOY
       :: poisonBefore = poisonBefore | (1 << o)
       :: refusedBefore = refusedBefore | (1 << o)
#endif
       fi;
       o++
    :: else -> break
    od;
    o = 0;
#ifdef REDEPLOY
    if :: schemaNew = 0 :: schemaNew = 1 fi;
#endif
#ifdef LINE_THERE
    line = 1;
#endif
    run Consumer(1); run Consumer(2); run Database(); run World(); run Quiescence();
    started = 1
  }
}
