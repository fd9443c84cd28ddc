package dev.wren.gateway.callset;

import dev.wren.protocol.CallError;

/** Whoever drives callsets: takes them after they were accepted, and cancels. Safe for use by several threads. */
public interface Driver {

    /** Drives a callset that is durable, from where its log ends. */
    void begin(Callset callset);

    /**
     * Decides that all calls not yet decided are cancelled, and stops those that run; their end becomes visible soon
     * after.
     */
    void cancel(Callset callset);

    /** The same for one call. */
    void cancel(Callset callset, int call);

    /** The data of a callset that was held are there: its calls may be sent. */
    void release(Callset callset);

    /** Decides that all calls not yet decided end in this error, without having run. */
    void fail(Callset callset, CallError error);

    /** Drives the callset no more; what was not committed is dropped. */
    void abandon(Callset callset);
}
