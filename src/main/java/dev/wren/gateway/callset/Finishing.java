package dev.wren.gateway.callset;

/**
 * What is left to do for a callset when its last call has ended: its results are written where its caller wants them. Until
 * that is settled the callset is noted as open, so that it is gone on with after a restart. Safe for use by several threads.
 */
public interface Finishing {

    /** Whether something is left to do. Reads the store. */
    boolean isPending(Callset callset);

    /** Does it, in the background, and runs {@code then} when it is settled. */
    void finish(Callset callset, Runnable then);
}
