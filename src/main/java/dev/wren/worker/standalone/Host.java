package dev.wren.worker.standalone;

import java.time.Instant;

/** The machine that this worker runs on, and what it is told of its end. Safe for use by several threads. */
interface Host {

    Facts facts();

    /** What the machine is told now. */
    Sign sign();

    /**
     * What does not change.
     *
     * @param id unique in the pool
     * @param instanceType empty where there is no such thing
     * @param spot whether it may be taken away
     * @param dnsName by which it is reached from outside; empty if it is not
     * @param launchedAt since when it is there
     * @param token by which a gateway knows that it has launched it; empty if none has
     */
    record Facts(String id, String instanceType, boolean spot, String dnsName, Instant launchedAt, String token) {
    }

    /** What is to become of the machine. */
    enum Sign {
        /** It goes on. */
        NONE,
        /** It may be taken away sooner than others: nothing long is begun. */
        AT_RISK,
        /** It is to end when its calls have ended. */
        DRAIN,
        /** It is taken away in two minutes at most. */
        GOES
    }

    /** A machine that nobody tells anything. */
    record Plain(Facts facts) implements Host {

        Plain(String id, Instant startedAt) {
            this(new Facts(id, "", false, "", startedAt, ""));
        }

        @Override
        public Sign sign() {
            return Sign.NONE;
        }
    }

}
