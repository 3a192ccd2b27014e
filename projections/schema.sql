-- Times are microseconds since 1970 in UTC, sequences are the log's, and a chat is its row in `chats`.
-- The same events give the same rows, however they are cut into batches.

CREATE TABLE meta (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    version TEXT NOT NULL,
    stream TEXT NOT NULL,                    -- when the stream was created: a new stream has another time
    checkpoint INTEGER NOT NULL,             -- sequence of the last event in the file
    msg_id TEXT NOT NULL,                    -- that event's Nats-Msg-Id; empty if it had none
    at INTEGER NOT NULL                      -- the server's stamp on that event
);

CREATE TABLE chats (
    id INTEGER PRIMARY KEY,                  -- sequence of the chat's first event, or of the last one that erased it
    account TEXT NOT NULL,
    chat TEXT NOT NULL,
    partition INTEGER NOT NULL,
    name TEXT,
    last_at INTEGER NOT NULL,                -- last message, reply, or order but for shared work
    messages INTEGER NOT NULL,
    replies INTEGER NOT NULL,
    owes INTEGER NOT NULL,                   -- has pending work
    to_do INTEGER NOT NULL,                  -- has pending work that waits for no time
    wakes INTEGER NOT NULL,                  -- has pending work, or may have left a run at work
    attention TEXT,                          -- the open attention, as JSON
    asked_at INTEGER,                        -- the log's stamp on it
    marks INTEGER NOT NULL,                  -- bits (tables/marks.py); -1: nothing is left of an erased chat
    outgoing TEXT,                           -- the last replies and how far they got, as JSON
    words TEXT NOT NULL,                     -- number, name and attention as the search compares them
    snapshot TEXT NOT NULL,                  -- chat.state.Chat as JSON
    closed_into TEXT,                        -- the chat into which this one has closed
    joints TEXT,                             -- the chats that closed into this one, as JSON
    work TEXT NOT NULL,                      -- its state: open, resolved or snoozed
    snoozed_until INTEGER,                   -- of snoozed: from then on it counts as open
    assigned TEXT NOT NULL,                  -- the user who has it; empty: none
    unanswered INTEGER,                      -- the log's stamp on the person's first message since our last word
    wait_order INTEGER NOT NULL,             -- since when it waits for us or a human; of others 4e18 less last_at
    UNIQUE (account, chat)
);
CREATE TABLE totals (                        -- sums over `chats`, kept by the triggers below
    partition INTEGER PRIMARY KEY,
    chats INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    replies INTEGER NOT NULL,
    to_do INTEGER NOT NULL,
    timed INTEGER NOT NULL                   -- chats whose pending work only waits for a time
);
CREATE TRIGGER chat_added AFTER INSERT ON chats BEGIN
    INSERT INTO totals SELECT new.partition, 0, 0, 0, 0, 0
        WHERE NOT EXISTS (SELECT 1 FROM totals WHERE partition = new.partition);
    UPDATE totals SET chats = chats + 1, messages = messages + new.messages, replies = replies + new.replies,
        to_do = to_do + new.to_do, timed = timed + (new.owes AND NOT new.to_do) WHERE partition = new.partition;
END;
CREATE TRIGGER chat_changed AFTER UPDATE ON chats
WHEN (old.messages, old.replies, old.to_do, old.owes) <> (new.messages, new.replies, new.to_do, new.owes) BEGIN
    UPDATE totals SET messages = messages + new.messages - old.messages, replies = replies + new.replies - old.replies,
        to_do = to_do + new.to_do - old.to_do,
        timed = timed + (new.owes AND NOT new.to_do) - (old.owes AND NOT old.to_do) WHERE partition = new.partition;
END;
CREATE TRIGGER chat_removed AFTER DELETE ON chats BEGIN
    UPDATE totals SET chats = chats - 1, messages = messages - old.messages, replies = replies - old.replies,
        to_do = to_do - old.to_do, timed = timed - (old.owes AND NOT old.to_do) WHERE partition = old.partition;
    DELETE FROM totals WHERE partition = old.partition AND chats = 0;
END;
CREATE TABLE tallies (                       -- sums over the chats that lists show, kept by the triggers below
    account TEXT NOT NULL,
    state TEXT NOT NULL,                     -- as it is stored: one that is snoozed may count as open
    assigned TEXT NOT NULL,
    chats INTEGER NOT NULL,
    human INTEGER NOT NULL,                  -- chats that wait for a human
    waiting INTEGER NOT NULL,                -- chats that wait for us
    failed INTEGER NOT NULL,                 -- chats with each mark
    undelivered INTEGER NOT NULL,
    unsure INTEGER NOT NULL,
    unsent INTEGER NOT NULL,
    paused INTEGER NOT NULL,
    amiss INTEGER NOT NULL,                  -- chats with the first or the second mark
    PRIMARY KEY (account, state, assigned)
) WITHOUT ROWID;
CREATE TRIGGER chat_tallied AFTER INSERT ON chats WHEN new.marks >= 0 BEGIN
    INSERT INTO tallies VALUES (new.account, new.work, new.assigned, 1, new.asked_at NOTNULL, new.unanswered NOTNULL,
        new.marks & 1, new.marks >> 1 & 1, new.marks >> 2 & 1, new.marks >> 3 & 1, new.marks >> 4 & 1,
        new.marks & 3 <> 0)
        ON CONFLICT DO UPDATE SET chats = chats + 1, human = human + excluded.human,
        waiting = waiting + excluded.waiting, failed = failed + excluded.failed,
        undelivered = undelivered + excluded.undelivered, unsure = unsure + excluded.unsure,
        unsent = unsent + excluded.unsent, paused = paused + excluded.paused, amiss = amiss + excluded.amiss;
END;
CREATE TRIGGER chat_tallied_again AFTER UPDATE ON chats
WHEN (old.marks, old.work, old.assigned, old.asked_at ISNULL, old.unanswered ISNULL)
    <> (new.marks, new.work, new.assigned, new.asked_at ISNULL, new.unanswered ISNULL) BEGIN
    UPDATE tallies SET chats = chats - 1, human = human - (old.asked_at NOTNULL),
        waiting = waiting - (old.unanswered NOTNULL), failed = failed - (old.marks & 1),
        undelivered = undelivered - (old.marks >> 1 & 1), unsure = unsure - (old.marks >> 2 & 1),
        unsent = unsent - (old.marks >> 3 & 1), paused = paused - (old.marks >> 4 & 1),
        amiss = amiss - (old.marks & 3 <> 0)
        WHERE old.marks >= 0 AND account = old.account AND state = old.work AND assigned = old.assigned;
    INSERT INTO tallies SELECT new.account, new.work, new.assigned, 1, new.asked_at NOTNULL, new.unanswered NOTNULL,
        new.marks & 1, new.marks >> 1 & 1, new.marks >> 2 & 1, new.marks >> 3 & 1, new.marks >> 4 & 1,
        new.marks & 3 <> 0 WHERE new.marks >= 0
        ON CONFLICT DO UPDATE SET chats = chats + 1, human = human + excluded.human,
        waiting = waiting + excluded.waiting, failed = failed + excluded.failed,
        undelivered = undelivered + excluded.undelivered, unsure = unsure + excluded.unsure,
        unsent = unsent + excluded.unsent, paused = paused + excluded.paused, amiss = amiss + excluded.amiss;
    DELETE FROM tallies WHERE chats = 0 AND account = old.account AND state = old.work AND assigned = old.assigned;
END;
CREATE TRIGGER chat_not_tallied AFTER DELETE ON chats WHEN old.marks >= 0 BEGIN
    UPDATE tallies SET chats = chats - 1, human = human - (old.asked_at NOTNULL),
        waiting = waiting - (old.unanswered NOTNULL), failed = failed - (old.marks & 1),
        undelivered = undelivered - (old.marks >> 1 & 1), unsure = unsure - (old.marks >> 2 & 1),
        unsent = unsent - (old.marks >> 3 & 1), paused = paused - (old.marks >> 4 & 1),
        amiss = amiss - (old.marks & 3 <> 0)
        WHERE account = old.account AND state = old.work AND assigned = old.assigned;
    DELETE FROM tallies WHERE chats = 0 AND account = old.account AND state = old.work AND assigned = old.assigned;
END;
CREATE TABLE labels (
    label TEXT NOT NULL,                     -- as labels are compared
    account TEXT NOT NULL,
    chat INTEGER NOT NULL,
    written TEXT NOT NULL,                   -- as it was written
    PRIMARY KEY (label, account, chat)
) WITHOUT ROWID;
CREATE INDEX labels_of_chat ON labels (chat);
CREATE TABLE label_tallies (                 -- chats with each label, kept by the triggers below
    account TEXT NOT NULL,
    state TEXT NOT NULL,
    label TEXT NOT NULL,
    chats INTEGER NOT NULL,
    PRIMARY KEY (account, state, label)
) WITHOUT ROWID;
CREATE TRIGGER label_added AFTER INSERT ON labels BEGIN
    INSERT INTO label_tallies SELECT account, work, new.label, 1 FROM chats WHERE id = new.chat AND marks >= 0
        ON CONFLICT DO UPDATE SET chats = chats + 1;
END;
CREATE TRIGGER label_removed AFTER DELETE ON labels BEGIN
    UPDATE label_tallies SET chats = chats - 1 WHERE label = old.label AND (account, state)
        = (SELECT account, work FROM chats WHERE id = old.chat AND marks >= 0);
    DELETE FROM label_tallies WHERE chats = 0 AND label = old.label AND account = old.account;
END;
CREATE TRIGGER labels_tallied_again AFTER UPDATE ON chats
WHEN (old.work, old.marks < 0) <> (new.work, new.marks < 0) BEGIN
    UPDATE label_tallies SET chats = chats - 1 WHERE old.marks >= 0 AND account = old.account AND state = old.work
        AND label IN (SELECT label FROM labels WHERE chat = old.id);
    DELETE FROM label_tallies WHERE chats = 0 AND account = old.account AND state = old.work;
    INSERT INTO label_tallies SELECT new.account, new.work, label, 1 FROM labels WHERE chat = new.id AND new.marks >= 0
        ON CONFLICT DO UPDATE SET chats = chats + 1;
END;
CREATE TABLE notes (
    seq INTEGER PRIMARY KEY,                 -- of noted
    chat INTEGER NOT NULL,
    id TEXT NOT NULL,
    text TEXT NOT NULL,
    "by" TEXT,
    at INTEGER NOT NULL,
    cause TEXT
);
CREATE INDEX notes_of_chat ON notes (chat);
CREATE TABLE names (                         -- other names of people
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    chat TEXT NOT NULL,                      -- the chat that is the person's
    seq INTEGER NOT NULL,                    -- sequence of the event that told it
    PRIMARY KEY (account, name)
) WITHOUT ROWID;
CREATE INDEX names_of_chat ON names (account, chat);
CREATE TABLE earlier_names (                 -- the chats for which a name stood before: if the present one is erased, the
    account TEXT NOT NULL,                   -- log tells of them alone
    name TEXT NOT NULL,
    chat TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (account, name, seq)
) WITHOUT ROWID;
CREATE INDEX earlier_names_of_chat ON earlier_names (account, chat);
CREATE TRIGGER name_moved AFTER UPDATE ON names BEGIN
    INSERT INTO earlier_names VALUES (old.account, old.name, old.chat, old.seq);
END;
CREATE INDEX waking ON chats (partition) WHERE wakes;
CREATE INDEX attention ON chats (asked_at, id, account, work, snoozed_until, assigned, marks)
    WHERE asked_at IS NOT NULL;
CREATE INDEX snoozed ON chats (snoozed_until, account, assigned, marks, asked_at, unanswered)
    WHERE snoozed_until NOTNULL AND marks >= 0;
-- Lists read one of these indexes alone, and their search the first.
CREATE INDEX listed ON chats (last_at DESC, id, account, marks, work, snoozed_until, assigned, unanswered, asked_at,
    wait_order, words) WHERE marks >= 0;
CREATE INDEX by_wait ON chats (wait_order, id, account, marks, work, snoozed_until, assigned, unanswered, asked_at)
    WHERE marks >= 0;

CREATE TABLE history (
    seq INTEGER PRIMARY KEY,
    chat INTEGER NOT NULL,
    id TEXT NOT NULL,                        -- a message's or a reply's; `seq:<n>` for unreadable bytes
    author TEXT NOT NULL,                    -- person, assistant, operator or system
    at INTEGER NOT NULL,
    text TEXT,
    -- of a message
    sent INTEGER,
    sender TEXT,
    name TEXT,
    kind TEXT,
    from_me INTEGER,
    media TEXT,
    quoted TEXT,
    refers TEXT,                             -- what else it refers to: chat.references.References as JSON
    typed TEXT,                              -- the choice of our question that its words name, as JSON
    detail TEXT,                             -- the fault of unreadable bytes
    -- of a reply
    about TEXT,
    in_reply_to TEXT,
    backend TEXT,
    model TEXT,
    thread TEXT,
    run TEXT,
    input_tokens INTEGER,
    output_tokens INTEGER,
    cause TEXT,
    parts TEXT,                              -- what is sent instead of `text`, as JSON
    quote TEXT,                              -- the message that it quotes
    -- written later
    reading TEXT,                            -- the outcome of reading the file: a media_read as JSON
    turn INTEGER,                            -- sequence of the last turn_started that names it
    former_turns TEXT,                       -- those before a retry, as JSON
    ending TEXT,                             -- reply, ignored or turn_failed; none yet: open
    ended INTEGER,                           -- sequence of the ending; a reply's own
    ended_at INTEGER,
    reason TEXT,
    context INTEGER,                         -- the sequence that a reset compares; none: the model is not shown it
    repeats INTEGER NOT NULL DEFAULT 0,
    repeat_seq INTEGER,
    repeat_at INTEGER,
    edited TEXT,                             -- its newest words
    edited_at INTEGER,
    answered TEXT,                           -- its words when it was answered, if it had been edited before
    revoked_at INTEGER
);
CREATE UNIQUE INDEX message_ids ON history (id, chat) WHERE author = 'person';
CREATE INDEX reply_ids ON history (id, chat) WHERE author <> 'person';
CREATE INDEX history_of_chat ON history (chat);
CREATE INDEX context ON history (chat, ended) WHERE context IS NOT NULL;
CREATE INDEX by_hand ON history (seq) WHERE author = 'operator' OR from_me;
CREATE INDEX broken ON history (ended_at) WHERE reason = 'broken';

CREATE VIRTUAL TABLE search USING fts5 (
    text, content = 'history', content_rowid = 'seq', columnsize = 0, tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TABLE controls (
    id TEXT NOT NULL,
    chat INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    command TEXT NOT NULL,
    "by" TEXT,
    until INTEGER,
    text TEXT,
    messages TEXT,
    parts TEXT,                              -- of `send`, as JSON
    quote TEXT,
    "to" TEXT,                               -- of `assign`
    "add" TEXT,                              -- of `label`: labels, as JSON
    remove TEXT,
    outcome TEXT,                            -- type of the decision with it as its cause
    outcome_seq INTEGER,
    outcome_at INTEGER,
    reason TEXT,
    unchanged INTEGER NOT NULL,
    repeats INTEGER NOT NULL,
    repeat_seq INTEGER,
    repeat_at INTEGER,
    PRIMARY KEY (id, chat)
) WITHOUT ROWID;
CREATE INDEX broken_orders ON controls (outcome_at) WHERE reason = 'broken';

CREATE TABLE receipts (
    chat INTEGER NOT NULL,
    reply TEXT NOT NULL,
    seq INTEGER NOT NULL,
    state TEXT NOT NULL,
    at INTEGER NOT NULL,
    provider_id TEXT,
    error TEXT,
    part INTEGER NOT NULL,                   -- from 1; 0: the receipt is of the whole reply
    parts INTEGER NOT NULL,
    instead TEXT,                            -- the template that is sent next, because the reply failed
    template TEXT,                           -- the template of which the receipt is
    pricing TEXT,                            -- as JSON
    file TEXT NOT NULL,                      -- refused, reading or empty, as in Receipt
    PRIMARY KEY (chat, reply, seq)
) WITHOUT ROWID;
CREATE INDEX unsent ON receipts (at) WHERE state IN ('parked', 'failed');
-- For a person who quotes a message of ours. Both states have the provider's id, in case one of them is missing.
CREATE INDEX provider_ids ON receipts (provider_id, chat) WHERE state IN ('accepted', 'sent');

CREATE TABLE undelivered (
    seq INTEGER PRIMARY KEY,                 -- of a reply that is not with the person
    chat INTEGER NOT NULL,
    account TEXT NOT NULL,
    at INTEGER NOT NULL,
    state TEXT NOT NULL                      -- waiting, parked or failed
);
CREATE INDEX undelivered_of_chat ON undelivered (chat);
CREATE INDEX longest_wait ON undelivered (account, seq) WHERE state = 'waiting';

CREATE TABLE first_receipts (
    chat INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    seq INTEGER NOT NULL                     -- of the chat's first receipt
);
CREATE INDEX began ON first_receipts (account, seq);

CREATE TABLE accounts (
    account TEXT PRIMARY KEY,                -- one with replies that are not with their person
    unsent INTEGER NOT NULL,                 -- from before its first gateway began: no gateway sends them
    waiting INTEGER NOT NULL,
    parked INTEGER NOT NULL,
    failed INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE turns (
    chat INTEGER NOT NULL,
    seq INTEGER NOT NULL,                    -- of turn_started
    id TEXT NOT NULL,
    at INTEGER NOT NULL,
    messages TEXT NOT NULL,
    backend TEXT NOT NULL,
    cause TEXT,
    state TEXT NOT NULL,                     -- running, replied, failed, ignored or replaced
    "by" TEXT NOT NULL,                      -- the incarnation that may act on it
    adoptions INTEGER NOT NULL,
    adopted_at INTEGER,
    run TEXT,
    attempt INTEGER NOT NULL,
    ended INTEGER,
    ended_at INTEGER,
    error TEXT,
    detail TEXT,
    told INTEGER,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    profile TEXT,                            -- name@N; NULL: the instance's own settings
    left_open TEXT,                          -- why the documents did not answer it (chat/left_open.py)
    PRIMARY KEY (chat, seq)
) WITHOUT ROWID;
CREATE INDEX left_open ON turns (seq) WHERE left_open IS NOT NULL;
CREATE INDEX failed_turns ON turns (chat) WHERE state = 'failed';

CREATE TABLE threads (
    chat INTEGER NOT NULL,
    seq INTEGER NOT NULL,                    -- of thread_created
    backend TEXT NOT NULL,
    thread TEXT NOT NULL,
    reason TEXT NOT NULL,
    at INTEGER NOT NULL,
    ended INTEGER,                           -- sequence of the event that replaced it or reset it
    messages INTEGER NOT NULL,
    replies INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    PRIMARY KEY (chat, seq)
) WITHOUT ROWID;

CREATE TABLE set_aside (
    seq INTEGER PRIMARY KEY,                 -- of an event that the chat's state or a table could not take
    chat INTEGER NOT NULL,
    at INTEGER NOT NULL,
    type TEXT NOT NULL,
    reason TEXT NOT NULL                     -- the name of what was raised
);

CREATE TABLE usage (
    chat INTEGER NOT NULL,
    day TEXT NOT NULL,                       -- UTC
    backend TEXT NOT NULL,
    model TEXT NOT NULL,                     -- empty: of turns without a reply
    replies INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cached_tokens INTEGER NOT NULL,          -- of the input tokens
    seconds INTEGER NOT NULL,                -- of speech
    PRIMARY KEY (chat, day, backend, model)
) WITHOUT ROWID;

CREATE TABLE spending (                      -- the sums of usage by account
    account TEXT NOT NULL,
    day TEXT NOT NULL,                       -- UTC
    model TEXT NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cached_tokens INTEGER NOT NULL,
    seconds INTEGER NOT NULL,
    PRIMARY KEY (account, day, model)
) WITHOUT ROWID;
