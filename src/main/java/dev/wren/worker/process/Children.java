package dev.wren.worker.process;

import dev.wren.protocol.CallError;
import dev.wren.protocol.ErrorCode;
import dev.wren.protocol.Frame;
import dev.wren.protocol.Outcome;
import dev.wren.protocol.Output;
import dev.wren.protocol.Progress;
import dev.wren.protocol.Report;
import dev.wren.protocol.TimeInCall;
import dev.wren.protocol.Value;
import dev.wren.protocol.WireException;
import dev.wren.protocol.WireReader;
import dev.wren.protocol.WireWriter;
import dev.wren.protocol.jvm.OtherUser;
import dev.wren.protocol.jvm.WorkerJvm;
import dev.wren.protocol.remote.RemoteInvocation;
import dev.wren.worker.output.CallOutput;
import dev.wren.worker.remote.RemoteReportBuffer;
import dev.wren.worker.run.Chunk;
import dev.wren.worker.run.WorkerClock;
import java.io.DataInputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Runs chunks in a child JVM: with an environment of its own, killed where a call takes too long, replaced where one has
 * ended it. The child stays for the next chunk of the same jar, environment and excluded packages, unless it was to be
 * fresh. Used by one thread at a time.
 */
public final class Children implements AutoCloseable {

    /** Of a message of reports: large values and logs come in messages of their own. */
    private static final int REPORT_LIMIT = 1 << 24;
    private static final long LOOK_MILLIS = 20;
    /** Children that are tried for one call: one may have found itself unfit after the call before. */
    private static final int TRIES = 3;
    private static final byte[] NOTHING = new byte[0];

    private final Path folder;
    private final String name;
    private final ChildCommand command;
    private final @Nullable OtherUser user;
    private final WorkerClock clock;
    private int started;
    private volatile @Nullable WorkerJvm child;
    private @Nullable Key key;
    private volatile @Nullable String aborted;

    /**
     * Starts nothing yet.
     *
     * @param folder for the children's folders
     * @param name how their names in reports begin
     * @param memoryMb of this machine or container, for one child
     * @param user that the children run as; null: this process's own
     */
    public Children(Path folder, String name, int memoryMb, @Nullable OtherUser user, WorkerClock clock) {
        this.folder = folder;
        this.name = name;
        this.user = user;
        this.command = ChildCommand.here(memoryMb);
        this.clock = clock;
    }

    /** Whom a child works for. */
    private record Key(String tenant, List<String> jars, List<String> excluded, Map<String, String> environment,
            RemoteInvocation.Limits limits) {

        static Key of(RemoteInvocation invocation) {
            return new Key(invocation.tenant(), invocation.invocation().contents(),
                    invocation.invocation().excludeModules(),
                    invocation.environment(), invocation.limits());
        }
    }

    /** Whether a child has the jar, and its file is not needed. */
    public boolean isReady(RemoteInvocation invocation) {
        WorkerJvm now = child;
        return now != null && now.isAlive() && !invocation.fresh() && Key.of(invocation).equals(key);
    }

    /** What is begun from now on is not aborted. Not while something runs. */
    public void renew() {
        aborted = null;
    }

    /** Ends the child, and begins no other call of the chunk: the one that runs is given back. For any thread. */
    public void abort(String why) {
        aborted = why;
        WorkerJvm now = child;
        if (now != null) {
            now.kill();
        }
    }

    /**
     * Runs a chunk until no call is left to begin, or {@link #abort}; what is not begun is left in it.
     *
     * @throws IOException if the reports could not be sent
     */
    public void run(RemoteInvocation invocation, Chunk chunk, RemoteReportBuffer reports) throws IOException {
        try {
            if (invocation.fresh()) {
                end();
            }
            // One call at a time is given to the child: so nothing is begun that there is no time for.
            for (int position = chunk.begin(); position >= 0; position = aborted == null ? chunk.begin() : -1) {
                call(invocation, chunk, position, reports);
            }
        } finally {
            if (invocation.fresh()) {
                end();
            }
        }
    }

    private void call(RemoteInvocation invocation, Chunk chunk, int position, RemoteReportBuffer reports)
            throws IOException {
        reports.sendSoon();
        End end = End.REPLACED;
        for (int tries = 0; end == End.REPLACED && tries < TRIES; tries++) {
            WorkerJvm jvm;
            try {
                jvm = child(invocation);
            } catch (IOException e) {
                reports.inTrouble(chunk.call(position), String.valueOf(e.getMessage()));
                return;
            }
            if (aborted != null) {
                // It may have missed a child that was just started.
                jvm.kill();
            }
            end = call(invocation, chunk, position, reports, jvm);
            if (end != End.REPORTED) {
                end();
            }
        }
        if (end == End.REPLACED) {
            reports.inTrouble(chunk.call(position), "every JVM wanted to be replaced before it had begun the call");
        }
    }

    /** What a call has come to in a child. */
    private enum End {
        /** The child goes on. */
        REPORTED,
        /** The child has ended. */
        DIED,
        /** The child was not fit to begin it. */
        REPLACED
    }

    private End call(RemoteInvocation invocation, Chunk chunk, int position, RemoteReportBuffer reports, WorkerJvm jvm)
            throws IOException {
        CountDownLatch over = new CountDownLatch(1);
        AtomicBoolean killed = new AtomicBoolean();
        Thread watch = Thread.ofVirtual().name("wren-watch").start(() -> watch(invocation, jvm, over, killed));
        Optional<Said> said;
        try {
            send(chunk, position, jvm);
            said = await(jvm);
        } catch (WireException | IOException e) {
            String why = aborted;
            if (why != null) {
                reports.giveBack(chunk.call(position), why);
                return End.DIED;
            }
            // Of the child alone: nothing is sent from here.
            report(dead(invocation, chunk, position, jvm, killed.get()), reports);
            return End.DIED;
        } finally {
            over.countDown();
            watch.interrupt();
        }
        if (said.isPresent()) {
            report(said.get(), reports);
            return End.REPORTED;
        }
        return End.REPLACED;
    }

    private WorkerJvm child(RemoteInvocation invocation) throws IOException {
        Key wanted = Key.of(invocation);
        WorkerJvm now = child;
        if (now != null && wanted.equals(key) && now.isAlive()) {
            return now;
        }
        end();
        started++;
        WorkerJvm made = WorkerJvm.start(command.command(), folder.resolve("child-" + started),
                ChildCommand.environment(invocation.environment()),
                user, invocation.limits().settings(name + "-" + started),
                Duration.ofMillis(invocation.limits().setupMillis()));
        child = made;
        key = wanted;
        return made;
    }

    private static void send(Chunk chunk, int position, WorkerJvm jvm) throws IOException {
        WireWriter out = new WireWriter(4096 + chunk.length(position));
        int start = Frame.INVOKE.begin(out);
        chunk.invocation().write(out);
        out.putInt(1);
        out.putInt(chunk.call(position));
        out.putInt(chunk.attempt(position));
        out.putInt(chunk.length(position));
        out.putRaw(chunk.data(position), chunk.offset(position), chunk.length(position));
        Frame.end(out, start);
        jvm.send(out);
    }

    /** What a child says of its call. */
    @SuppressWarnings("ArrayRecordComponent")
    private record Said(Report report, byte[] log, byte[] value) {
    }

    /** What the child says of its call; nothing if it gives it back, since it wants to be replaced. */
    private static Optional<Said> await(WorkerJvm jvm) throws IOException {
        DataInputStream in = jvm.in();
        while (true) {
            int length = in.readInt() - 1;
            Frame kind = Frame.of(in.readByte());
            switch (kind) {
                case REPORTS -> {
                    return Optional.of(
                            new Said(Report.read(new WireReader(in.readNBytes(checked(length)))), NOTHING, NOTHING));
                }
                case LARGE_REPORT -> {
                    return Optional.of(large(in));
                }
                case RETURNED -> {
                    in.skipNBytes(checked(length));
                    return Optional.empty();
                }
                case RETIRING -> in.skipNBytes(checked(length));
                case HELLO, WELCOME, INVOKE, RECALL -> throw new WireException(kind + " from a child");
            }
        }
    }

    private static Said large(DataInputStream in) throws IOException {
        Report report = Report.read(new WireReader(in.readNBytes(checked(in.readInt()))));
        Report.Status status = report.status();
        byte[] log = in.readNBytes(Math.toIntExact(status == null ? 0 : status.output().logSize()));
        byte[] value = report.outcome() instanceof Outcome.Success(Value.Stored(long size))
                ? in.readNBytes(Math.toIntExact(size))
                : NOTHING;
        return new Said(report, log, value);
    }

    private static void report(Said said, RemoteReportBuffer reports) throws IOException {
        if (said.log.length > 0 || said.value.length > 0) {
            reports.addLarge(said.report, said.log, said.log.length, said.value, said.value.length);
        } else {
            reports.add(said.report, 0);
        }
    }

    private void watch(RemoteInvocation invocation, WorkerJvm jvm, CountDownLatch over, AtomicBoolean killed) {
        TimeInCall time = new TimeInCall(clock.clock(), clock.durations());
        while (over.getCount() > 0) {
            Progress.Point at = jvm.progress().read();
            long limit = limit(at, invocation);
            long ran = time.at(at).toMillis();
            if (ran >= limit) {
                killed.set(true);
                jvm.kill();
                return;
            }
            try {
                // A call that has begun since then is due later than that.
                boolean _ = over.await(at.call() == Progress.IDLE
                        ? LOOK_MILLIS
                        : 1 + Math.min(limit - ran, invocation.invocation().maxRuntimeMillis()), TimeUnit.MILLISECONDS);
            } catch (InterruptedException _) {
                return;
            }
        }
    }

    private static long limit(Progress.Point at, RemoteInvocation invocation) {
        return at.call() >= 0
                ? invocation.invocation().maxRuntimeMillis()
                : invocation.limits().setupMillis();
    }

    /** The child has ended in this call, or was ended. */
    private Said dead(RemoteInvocation invocation, Chunk chunk, int position, WorkerJvm jvm, boolean killed)
            throws IOException {
        int exit;
        try {
            exit = jvm.exitCode();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        Progress.Point at = jvm.progress().read();
        CallError error = killed
                ? tooSlow(at, invocation)
                : CallError.of(ErrorCode.RETCODE,
                        "The process ended in this call, with exit code " + exit + ".");
        try (CallOutput output = new CallOutput(jvm.output(), invocation.limits().excerpt(),
                invocation.limits().log())) {
            Output written = output.take();
            long since = at.call() == Progress.IDLE ? clock.clock().millis() : at.sinceMillis();
            return new Said(new Report(chunk.call(position), chunk.attempt(position), invocation.invocation().send(),
                    new Outcome.Failure(error),
                    new Report.Status(since * 1000,
                            TimeUnit.MILLISECONDS.toNanos(Math.max(0, clock.clock().millis() - since)), 0, false,
                            name + "-" + started, written, killed ? null : (Integer) exit)),
                    output.log(), NOTHING);
        }
    }

    private static CallError tooSlow(Progress.Point at, RemoteInvocation invocation) {
        return CallError.of(ErrorCode.OUTATIME, at.call() < 0
                ? "Preparing the function took more than " + invocation.limits().setupMillis() / 1000 + " s."
                : "The attempt ran longer than jobMaxRuntime, " + BigDecimal
                        .valueOf(invocation.invocation().maxRuntimeMillis(), 3).stripTrailingZeros().toPlainString()
                        + " s.");
    }

    private static int checked(int length) {
        if (length < 0 || length > REPORT_LIMIT) {
            throw new WireException("a message of " + length + " bytes");
        }
        return length;
    }

    private void end() throws IOException {
        WorkerJvm now = child;
        child = null;
        key = null;
        if (now != null) {
            now.close();
        }
    }

    @Override
    public void close() throws IOException {
        end();
    }
}
