package dev.wren.gateway.executor.remote;

/** A thread that sends, and when it may be interrupted: not between {@link #begin} and {@link #end}. */
public final class Turn {

    private final Thread thread;
    private boolean busy;
    private boolean interrupted;

    Turn(Thread thread) {
        this.thread = thread;
    }

    /**
     * Something begins that is not to be interrupted.
     *
     * @throws InterruptedException if the thread was interrupted before
     */
    public synchronized void begin() throws InterruptedException {
        if (interrupted || Thread.interrupted()) {
            throw new InterruptedException();
        }
        busy = true;
    }

    /** It has ended; an interrupt that came meanwhile comes now. */
    public synchronized void end() {
        busy = false;
        if (interrupted) {
            thread.interrupt();
        }
    }

    /** Interrupts the thread, as soon as it may be. */
    synchronized void interrupt() {
        interrupted = true;
        if (!busy) {
            thread.interrupt();
        }
    }
}
