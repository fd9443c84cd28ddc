package dev.wren.client;

import java.io.Console;
import java.io.PrintStream;
import java.util.Locale;

/** A bar on a terminal, or nothing where there is none. Safe for use by several threads. */
final class ProgressBar implements AutoCloseable {

    private static final int WIDTH = 30;
    private static final long EVERY_NANOS = 100_000_000;
    private static final long MEGA = 1 << 20;

    private final PrintStream out;
    private final Time time;
    private final boolean shown;
    private final String what;
    private final boolean bytes;
    private long total;
    private long done;
    private String more = "";
    private long drawnAt;
    private boolean drawn;
    private boolean closed;

    private ProgressBar(Factory of, boolean shown, String what, long total, boolean bytes) {
        this.out = of.out;
        this.time = of.time;
        this.shown = shown;
        this.what = what;
        this.total = total;
        this.bytes = bytes;
        this.drawnAt = time.now() - 2 * EVERY_NANOS;
    }

    /**
     * Makes bars.
     *
     * @param out a terminal, which is standard error where data go to standard output
     * @param shown whether it is one
     */
    record Factory(PrintStream out, boolean shown, Time time) {

        /** Bars on standard error, if this program has a terminal. */
        static Factory ofTerminal() {
            return new Factory(System.err, isTerminal(), Time.system());
        }

        /** No bars. */
        static Factory none() {
            return new Factory(System.err, false, Time.system());
        }

        /** From Java 22 on there may be a console where no terminal is, which says so itself. */
        @SuppressWarnings("SystemConsoleNull")
        private static boolean isTerminal() {
            var console = System.console();
            if (console == null || "dumb".equals(System.getenv("TERM"))) {
                return false;
            }
            try {
                return (boolean) Console.class.getMethod("isTerminal").invoke(console);
            } catch (ReflectiveOperationException e) {
                return true;
            }
        }

        ProgressBar uploading(int jars) {
            return new ProgressBar(this, shown && jars > 0, "uploading " + jars + (jars == 1 ? " jar" : " jars"), 0,
                    true);
        }

        ProgressBar calls(long total) {
            return new ProgressBar(this, shown && total > 0, "calls", total, false);
        }
    }

    boolean isShown() {
        return shown;
    }

    synchronized void total(long of) {
        total = of;
        draw(true);
    }

    synchronized void add(long more) {
        done += more;
        draw(done >= total);
    }

    /**
     * Sets it.
     *
     * @param now done so far
     * @param words for people, such as how many have failed
     */
    synchronized void set(long now, String words) {
        done = Math.max(done, now);
        more = words;
        draw(done >= total);
    }

    private void draw(boolean always) {
        long now = time.now();
        if (!shown || closed || (!always && now - drawnAt < EVERY_NANOS)) {
            return;
        }
        drawnAt = now;
        drawn = true;
        int full = total == 0 ? 0 : (int) Math.min(WIDTH, WIDTH * done / total);
        out.print("\r" + what + " [" + "=".repeat(full) + " ".repeat(WIDTH - full) + "] " + amount(done) + " of "
                + amount(total) + (more.isEmpty() ? "" : " " + more) + "\u001b[K");
        out.flush();
    }

    private String amount(long of) {
        return bytes
                ? String.format(Locale.ROOT, "%.1f MB", (double) of / MEGA)
                : String.format(Locale.ROOT, "%,d", of);
    }

    @Override
    public synchronized void close() {
        // What comes later would be drawn below.
        closed = true;
        if (drawn) {
            out.println();
            drawn = false;
        }
    }
}
