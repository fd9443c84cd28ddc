package dev.wren.worker.standalone;

import com.sun.management.OperatingSystemMXBean;
import dev.wren.protocol.jvm.Folders;
import dev.wren.protocol.jvm.OtherUser;
import dev.wren.worker.process.Children;
import dev.wren.worker.remote.Links;
import dev.wren.worker.remote.RemoteJars;
import dev.wren.worker.remote.SqsReportQueue;
import dev.wren.worker.run.WorkerClock;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import software.amazon.awssdk.core.exception.SdkException;

/** The command by which a machine joins a pool. Times are in seconds. */
@Command(name = "java -jar wren-worker.jar standalone", mixinStandardHelpOptions = true,
        description = "Runs calls of the pool whose queue is given, until the machine is not needed any more. Region,"
                + " credentials and endpoints of AWS are as its SDK finds them.",
        exitCodeListHeading = "Exit codes:%n", exitCodeList = {
                "0:the machine may be shut down", "1:something failed", "64:wrong arguments"})
public final class Standalone implements Callable<Integer> {

    /** Between two looks at the time. */
    static final Duration TICK = Duration.ofMillis(200);
    /** Exit code of a call with wrong arguments, as sysexits.h has it. */
    private static final int USAGE = 64;
    private static final long HEAP_PART = 2;

    @Option(names = "--queue-url", required = true, description = "the pool's queue of SQS")
    private String queueUrl = "";

    @Option(names = "--parallelism", description = "invocations at once; default: the machine's cores")
    private int parallelism = Runtime.getRuntime().availableProcessors();

    @Option(names = "--max-idle-time",
            description = "ends when there was nothing to do for so long; default: it never ends itself")
    private @Nullable Long maxIdleTime;

    @Option(names = "--idle-terminate-granularity",
            description = "it ends in the last 5%% of such a span of its uptime; default: ${DEFAULT-VALUE}")
    private long granularity = 3600;

    @Option(names = "--id",
            description = "name in the pool; default: the instance's, or the machine's name and process")
    private @Nullable String id;

    @Option(names = "--ec2",
            description = "the machine is an instance of EC2: it is told of its end by the metadata service")
    private boolean ec2;

    @Option(names = "--reports-queue-url",
            description = "takes heartbeats; default: what the pool's queue has as a tag")
    private @Nullable String reportsQueueUrl;

    @Option(names = "--run-as", description = "user that functions run as; default: the worker's own")
    private @Nullable String runAs;

    @Option(names = "--folder", description = "for jars and the files of functions; default: a temporary one")
    private @Nullable Path folder;

    @Option(names = "--jar-cache-mb", description = "of jars that are kept; default: ${DEFAULT-VALUE}")
    private long jarCacheMb = 2048;

    @Option(names = "--memory-mb", description = "for the functions of all invocations; default: half of the machine's")
    private long memoryMb = (machineMemory() / HEAP_PART) >> 20;

    @Option(names = "--visibility",
            description = "after which what this machine has taken goes to another if it is silent;"
                    + " default: ${DEFAULT-VALUE}")
    private int visibility = 60;

    @Option(names = "--heartbeat", description = "between two heartbeats; default: ${DEFAULT-VALUE}")
    private int heartbeat = 10;

    @Option(names = "--drain-time",
            description = "that calls may go on for when the machine is drained; default: ${DEFAULT-VALUE}")
    private int drainTime = 120;

    @Option(names = "--look",
            description = "between two looks at what the machine is told of its end; default: ${DEFAULT-VALUE}")
    private int look = 5;

    @Option(names = "--build", description = "of the worker, for its heartbeats")
    private String build = "";

    private Standalone() {
    }

    /** Runs the command, and ends the process. */
    public static void main(List<String> arguments) {
        // The SDK's logger has nowhere to go, and says so at every start otherwise.
        System.setProperty("slf4j.internal.verbosity", "ERROR");
        CommandLine command = new CommandLine(new Standalone());
        command.setParameterExceptionHandler((e, _) -> {
            command.getErr().println(e.getMessage());
            command.usage(command.getErr());
            return USAGE;
        });
        System.exit(command.execute(arguments.toArray(String[]::new)));
    }

    private static long machineMemory() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
                ? system.getTotalMemorySize()
                : Runtime.getRuntime().maxMemory();
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        check("--parallelism", parallelism, 1, 1024);
        check("--idle-terminate-granularity", granularity, 1, 366L * 24 * 3600);
        check("--max-idle-time", maxIdleTime == null ? 0 : maxIdleTime, 0, 366L * 24 * 3600);
        check("--jar-cache-mb", jarCacheMb, 1, 1 << 20);
        check("--memory-mb", memoryMb, 64, 1 << 30);
        check("--visibility", visibility, 1, 43_200);
        check("--heartbeat", heartbeat, 1, 3600);
        check("--look", look, 1, 3600);
        check("--drain-time", drainTime, 0, 43_200);
        OtherUser user = runAs == null ? null : new OtherUser(runAs);
        if (user != null) {
            user.check();
        }
        WorkerClock clock = WorkerClock.system();
        Path own = own();
        try (WorkQueue queue = new WorkQueue(queueUrl, visibility);
                Holder holder = new Holder(queue, visibility)) {
            Host host = host(clock);
            Machine machine = new Machine(host, new Load(clock.durations()),
                    new IdlePolicy(maxIdleTime == null ? null : Duration.ofSeconds(maxIdleTime),
                            Duration.ofSeconds(granularity)),
                    queue.name(), build, parallelism, clock);
            SqsReportQueue reports = new SqsReportQueue(queue.client());
            try (StandaloneWorker worker = new StandaloneWorker(machine, queue, holder,
                    new Heartbeats(machine, reports, destination(queue)), Duration.ofSeconds(heartbeat),
                    Duration.ofSeconds(look), Duration.ofSeconds(drainTime),
                    seats(own, host.facts().id(), user, reports))) {
                Thread stop = new Thread(worker::stop, "wren-stop");
                Runtime.getRuntime().addShutdownHook(stop);
                System.out.println("wren: " + host.facts().id() + " takes " + parallelism + " invocations at once from "
                        + queueUrl);
                String why = worker.run();
                System.out.println("wren: " + host.facts().id() + " ends: " + why);
            }
            return 0;
        } finally {
            if (folder == null) {
                Folders.delete(own);
            }
        }
    }

    private void check(String option, long value, long least, long most) {
        if (value < least || value > most) {
            throw new CommandLine.ParameterException(new CommandLine(this),
                    option + " is from " + least + " to " + most + ", and not " + value);
        }
    }

    private Path own() throws IOException {
        Path given = folder;
        if (given == null) {
            Path made = Files.createTempDirectory("wren-standalone-");
            if (runAs != null) {
                // Functions go through it to their own folders.
                Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rwx--x--x"));
            }
            return made;
        }
        return Files.createDirectories(given);
    }

    private Host host(WorkerClock clock) throws IOException {
        if (ec2) {
            String endpoint = System.getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT");
            return new Ec2Host(endpoint == null ? Ec2Host.ENDPOINT : URI.create(endpoint));
        }
        String named = id;
        return new Host.Plain(named != null
                ? named
                : InetAddress.getLocalHost().getHostName() + "-" + ProcessHandle.current().pid(),
                clock.clock().instant());
    }

    private Supplier<Optional<String>> destination(WorkQueue queue) {
        return new Supplier<>() {
            private @Nullable String known = reportsQueueUrl;

            @Override
            public Optional<String> get() {
                if (known == null) {
                    try {
                        known = queue.reports().orElse(null);
                    } catch (SdkException e) {
                        System.err.println("wren: where heartbeats go is not known: " + e.getMessage());
                    }
                }
                return Optional.ofNullable(known);
            }
        };
    }

    private List<Seat> seats(Path own, String name, @Nullable OtherUser user, SqsReportQueue reports)
            throws IOException {
        Links links = new Links();
        RemoteJars jars = new RemoteJars(own.resolve("jars"), jarCacheMb << 20, links);
        Wanted wanted = new Wanted(links, WorkerClock.system());
        int each = (int) Math.min(Integer.MAX_VALUE, memoryMb / parallelism);
        List<Path> folders = IntStream.range(0, parallelism).mapToObj(i -> own.resolve("seat-" + (i + 1))).toList();
        for (Path made : folders) {
            // Those of a process that was killed are nobody's.
            if (Files.exists(made)) {
                Folders.delete(made);
            }
            Files.createDirectory(made);
        }
        return IntStream.range(0, parallelism).mapToObj(i -> {
            String seat = name + "/" + (i + 1);
            return new Seat(folders.get(i), seat, jars, links, wanted, reports,
                    new Children(folders.get(i), seat, each, user, WorkerClock.system()), WorkerClock.system());
        }).toList();
    }
}
