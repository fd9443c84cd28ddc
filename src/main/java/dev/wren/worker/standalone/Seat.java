package dev.wren.worker.standalone;

import dev.wren.protocol.Invocation;
import dev.wren.protocol.Protocol;
import dev.wren.protocol.remote.RemoteInvocation;
import dev.wren.worker.process.Children;
import dev.wren.worker.remote.LinkException;
import dev.wren.worker.remote.Links;
import dev.wren.worker.remote.RemoteChunks;
import dev.wren.worker.remote.RemoteJars;
import dev.wren.worker.remote.RemoteReportBuffer;
import dev.wren.worker.remote.ReportQueue;
import dev.wren.worker.run.Chunk;
import dev.wren.worker.run.WorkerClock;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Runs one invocation at a time, in a child JVM that stays for the next of the same kind. For one thread at a time;
 * {@link #abort} is for any.
 */
final class Seat implements AutoCloseable {

    /** Between two looks whether what runs is still wanted: from the first to the longest, each twice the one before. */
    private static final long LOOK_FIRST = TimeUnit.SECONDS.toNanos(2);
    private static final long LOOK_MOST = TimeUnit.SECONDS.toNanos(20);
    private static final long OVERFLOW_LIMIT = 512L << 20;
    /** SQS holds a message for twelve hours; a call is begun only if it can end before. */
    private static final long HELD_NANOS = TimeUnit.HOURS.toNanos(11) + TimeUnit.MINUTES.toNanos(50);

    private final Path folder;
    private final String name;
    private final RemoteJars jars;
    private final Links links;
    private final Wanted wanted;
    private final RemoteChunks chunks;
    private final ReportQueue reportQueue;
    private final WorkerClock clock;
    private final Children children;
    private volatile @Nullable String aborted;
    /** What runs. Guarded by this, like what follows. */
    private @Nullable RemoteInvocation running;
    private long lookAt;
    private long lookAgainIn;

    /**
     * Starts nothing yet.
     *
     * @param folder for its files
     * @param name in reports
     * @param jars of the whole machine, as is {@code wanted}
     */
    Seat(Path folder, String name, RemoteJars jars, Links links, Wanted wanted, ReportQueue reportQueue,
            Children children,
            WorkerClock clock) {
        this.folder = folder;
        this.name = name;
        this.jars = jars;
        this.links = links;
        this.wanted = wanted;
        this.chunks = new RemoteChunks(links);
        this.reportQueue = reportQueue;
        this.children = children;
        this.clock = clock;
    }

    /** Whether it has a JVM for it. */
    boolean suits(RemoteInvocation invocation) {
        return children.isReady(invocation);
    }

    /** Ends what runs, and begins nothing more: it is given back. */
    synchronized void abort(String why) {
        aborted = why;
        children.abort(why);
    }

    /** Looks now and then whether what runs is still wanted, and else ends it. Waits for nobody. */
    synchronized void look() {
        RemoteInvocation now = running;
        if (now == null || clock.nanos() - lookAt < 0) {
            return;
        }
        lookAgainIn = Math.min(LOOK_MOST, 2 * lookAgainIn);
        lookAt = clock.nanos() + lookAgainIn;
        Thread.ofVirtual().name("wren-look").start(() -> {
            if (links.isGone(now)) {
                cancel(now);
            }
        });
    }

    /** Unless it is over, and another is at it. */
    private synchronized void cancel(RemoteInvocation what) {
        if (what.equals(running)) {
            children.abort("it was cancelled or deleted");
        }
    }

    /** Returns false if nothing is to be begun any more. */
    private synchronized boolean begin(RemoteInvocation what) {
        if (aborted != null) {
            return false;
        }
        children.renew();
        running = what;
        lookAgainIn = LOOK_FIRST;
        lookAt = clock.nanos() + lookAgainIn;
        return true;
    }

    private synchronized void end() {
        running = null;
    }

    /**
     * Runs the calls of an invocation, and reports. Whoever has it then forgets the message.
     *
     * @param receives how often the message was given out
     * @return how many calls have ended
     * @throws IOException if they could not be reported: the message is to be given to somebody else
     */
    int run(RemoteInvocation invocation, int receives) throws IOException {
        if (clock.clock().millis() > invocation.deadlineMillis() || !wanted.isWanted(invocation)) {
            // Nobody waits any more: the calls were sent again, or are cancelled.
            return 0;
        }
        Chunk chunk = null;
        String trouble = null;
        boolean tooOften = receives > invocation.limits().receives();
        if (!tooOften) {
            try {
                chunk = prepare(invocation);
            } catch (LinkException e) {
                trouble = String.valueOf(e.getMessage());
            }
        }
        Chunk toRun = chunk != null ? chunk : RemoteChunks.withoutData(invocation);
        try (RemoteReportBuffer reports = new RemoteReportBuffer(invocation, toRun, name, reportQueue, links,
                folder.resolve("overflow"), OVERFLOW_LIMIT, clock.durations())) {
            if (tooOften) {
                reports.abandon("no machine survived it: it was given to " + (receives - 1) + " of them");
            } else if (trouble != null) {
                reports.refuse(trouble, true);
            } else {
                long begun = clock.nanos();
                long most = HELD_NANOS - TimeUnit.MILLISECONDS.toNanos(invocation.invocation().maxRuntimeMillis());
                toRun.beginWhile(() -> aborted == null && clock.nanos() - begun < most);
                if (begin(invocation)) {
                    try {
                        children.run(invocation, toRun, reports);
                    } finally {
                        end();
                    }
                }
                String why = aborted;
                reports.giveBackRest(why != null ? why : "the invocation has taken too long");
            }
            reports.finish();
            return tooOften || trouble != null ? 0 : toRun.begun();
        }
    }

    private Chunk prepare(RemoteInvocation invocation) throws LinkException {
        if (invocation.invocation().protocolVersion() != Protocol.VERSION) {
            // It is refused, whatever it says of jars and data.
            return RemoteChunks.withoutData(invocation);
        }
        long begun = clock.nanos();
        List<Invocation.Jar> named = invocation.invocation().jars();
        Chunk made = chunks.make(invocation, children.isReady(invocation) ? named : jars.get(named));
        made.preparedIn(clock.nanos() - begun);
        return made;
    }

    @Override
    public void close() throws IOException {
        children.close();
    }
}
