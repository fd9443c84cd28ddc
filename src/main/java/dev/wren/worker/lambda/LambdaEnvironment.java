package dev.wren.worker.lambda;

import dev.wren.protocol.Invocation;
import dev.wren.protocol.Protocol;
import dev.wren.protocol.jvm.Folders;
import dev.wren.protocol.remote.RemoteInvocation;
import dev.wren.worker.process.Children;
import dev.wren.worker.remote.LinkException;
import dev.wren.worker.remote.Links;
import dev.wren.worker.remote.RemoteChunks;
import dev.wren.worker.remote.RemoteJars;
import dev.wren.worker.remote.RemoteReportBuffer;
import dev.wren.worker.remote.ReportQueue;
import dev.wren.worker.remote.SqsReportQueue;
import dev.wren.worker.run.Chunk;
import dev.wren.worker.run.WorkerClock;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * An environment of Lambda's: what it keeps from one invocation to the next. Used by one thread at a time.
 *
 * <p>
 * An environment that is not to go on (a call that does not end, a thread that a function has left, a Java machine in
 * doubt, another tenant) ends itself once all is reported: Lambda starts another. It says so to its gateway by the reports
 * queue only, since nothing runs after an answer.
 */
final class LambdaEnvironment {

    /** Left for reports when a call is begun. */
    private static final long REPORT_MILLIS = 3_000;
    /** Name of a folder of temporary files that is for functions alone. */
    static final String FOR_FUNCTIONS = "wren-functions";
    private static final String SLF4J = "slf4j.internal.verbosity";
    private static final String JAR_CACHE = "WREN_JAR_CACHE_MB";
    private static final long DEFAULT_JAR_CACHE_MB = 200;
    private static final String MEMORY = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE";
    private static final long DEFAULT_MEMORY_MB = 512;
    private static final long OVERFLOW_LIMIT = 128L << 20;

    private final Path folder;
    private final String name;
    private final WorkerClock clock;
    private final ReportQueue queue;
    private final Links links = new Links();
    private final RemoteJars jars;
    private final RemoteChunks chunks = new RemoteChunks(links);
    private final InProcess inProcess;
    private final Children children;
    private @Nullable String tenant;

    private LambdaEnvironment(Path folder, String name, long jarCache, int memoryMb, WorkerClock clock,
            ReportQueue queue) {
        this.folder = folder;
        this.name = name;
        this.clock = clock;
        this.queue = queue;
        this.jars = new RemoteJars(folder.resolve("jars"), jarCache, links);
        this.inProcess = new InProcess(folder, name, clock);
        this.children = new Children(folder, name, memoryMb, null, clock);
    }

    /** The environment that this process is. */
    static LambdaEnvironment here() {
        Map<String, String> environment = System.getenv();
        // There is nobody to log to, and nothing to say about that at every start.
        System.setProperty(SLF4J, "ERROR");
        try {
            Path folder = folder();
            return new LambdaEnvironment(folder,
                    environment.getOrDefault("AWS_LAMBDA_LOG_STREAM_NAME", folder.getFileName().toString()),
                    megabytes(JAR_CACHE, DEFAULT_JAR_CACHE_MB) << 20, (int) megabytes(MEMORY, DEFAULT_MEMORY_MB),
                    WorkerClock.system(), new SqsReportQueue());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            System.clearProperty(SLF4J);
        }
    }

    /**
     * A folder of this process's own. Where the folder of temporary files has the name that says so, it is for functions alone,
     * and this one is beside it.
     */
    private static Path folder() throws IOException {
        Path temporary = Path.of(System.getProperty("java.io.tmpdir")).toAbsolutePath();
        if (!temporary.endsWith(FOR_FUNCTIONS) || temporary.getParent() == null) {
            return Files.createTempDirectory("wren-");
        }
        if (Files.exists(temporary)) {
            Folders.delete(temporary);
        }
        Files.createDirectory(temporary);
        return Files.createTempDirectory(temporary.getParent(), "wren-");
    }

    private static long megabytes(String variable, long otherwise) {
        String text = System.getenv(variable);
        try {
            return text == null ? otherwise : Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(variable + " is no number of megabytes: " + text, e);
        }
    }

    /**
     * Runs the calls of an invocation, and reports.
     *
     * @param answer gets the reports where the invocation says so
     * @param remainingMillis until Lambda ends the invocation
     * @throws IOException if they could not be reported
     */
    void run(RemoteInvocation invocation, OutputStream answer, IntSupplier remainingMillis) throws IOException {
        if (clock.clock().millis() > invocation.deadlineMillis()) {
            // Nobody waits any more: the calls have been sent again.
            return;
        }
        String refusal = null;
        boolean trouble = false;
        Chunk chunk = null;
        boolean ends = false;
        if (tenant != null && !tenant.equals(invocation.tenant())) {
            refusal = "the environment has worked for another tenant";
            ends = true;
        } else if (links.isUnwanted(invocation, clock.clock().millis())) {
            return;
        } else {
            tenant = invocation.tenant();
            try {
                chunk = prepare(invocation);
            } catch (LinkException e) {
                refusal = String.valueOf(e.getMessage());
                trouble = true;
            }
        }
        Chunk toRun = chunk != null ? chunk : RemoteChunks.withoutData(invocation);
        try (RemoteReportBuffer reports = new RemoteReportBuffer(invocation, toRun, name, queue, links,
                folder.resolve("overflow"), OVERFLOW_LIMIT, clock.durations())) {
            if (refusal != null) {
                reports.refuse(refusal, trouble);
            } else {
                long maxMillis = invocation.invocation().maxRuntimeMillis();
                toRun.beginWhile(() -> remainingMillis.getAsInt() >= maxMillis + REPORT_MILLIS);
                if (needsChild(invocation)) {
                    children.run(invocation, toRun, reports);
                } else {
                    ends = !inProcess.run(invocation, toRun, reports);
                }
                reports.giveBackRest("the worker has no time left");
            }
            if (ends || !invocation.answers()) {
                reports.finish();
            } else {
                answer.write(reports.answer());
            }
        }
        if (ends) {
            end();
        }
    }

    private Chunk prepare(RemoteInvocation invocation) throws LinkException {
        if (invocation.invocation().protocolVersion() != Protocol.VERSION) {
            // It is refused, whatever it says of jars and data.
            return RemoteChunks.withoutData(invocation);
        }
        long begun = clock.nanos();
        boolean warm = !needsChild(invocation) && inProcess.isReady(invocation);
        List<Invocation.Jar> named = invocation.invocation().jars();
        Chunk made = chunks.make(invocation, warm ? named : jars.get(named));
        made.preparedIn(clock.nanos() - begun);
        return made;
    }

    /** What a process has only one of: its environment, and its being fresh. */
    private static boolean needsChild(RemoteInvocation invocation) {
        return invocation.fresh() || !invocation.environment().isEmpty();
    }

    /** Ends this environment: nothing of what was begun in it runs on. */
    private static void end() {
        System.err.println("wren: this environment ends itself; all that it ran is reported");
        System.err.flush();
        Runtime.getRuntime().halt(Protocol.ALL_REPORTED);
    }
}
