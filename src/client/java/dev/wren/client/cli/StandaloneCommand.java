package dev.wren.client.cli;

import dev.wren.client.LaunchOptions;
import dev.wren.client.WrenExecutor;
import dev.wren.client.WrenInstance;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The pool of machines. */
@Command(name = "standalone", mixinStandardHelpOptions = true, description = "Machines of the pool.", subcommands = {
        StandaloneCommand.Launch.class, StandaloneCommand.ListThem.class, StandaloneCommand.Terminate.class})
final class StandaloneCommand implements Callable<Integer> {

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() {
        throw new ParameterException(spec.commandLine(), "A command is missing.");
    }

    private static void print(Connection connection, List<WrenInstance> instances) {
        Table table = connection.table("id", "name", "state", "instanceType", "spot", "publicDnsName", "launchedAt",
                "uptime", "idle", "calls");
        instances.forEach(each -> table.row(each.id(), each.name(), each.state(), each.instanceType(), each.spot(),
                each.publicDnsName(), each.launchedAt(), seconds(each.uptime()), seconds(each.idle()), each.calls()));
        table.end();
    }

    private static @Nullable Object seconds(@Nullable Duration time) {
        return time == null ? null : time.toMillis() / 1000.0;
    }

    /** Launches machines. */
    @Command(name = "launch_instances", aliases = "launch-instances", mixinStandardHelpOptions = true,
            description = "Launches machines: all of them, or none.")
    static final class Launch implements Callable<Integer> {

        @Mixin
        private final Connection connection = new Connection();

        @Parameters(arity = "0..1", paramLabel = "NUMBER", defaultValue = "1",
                description = "How many; ${DEFAULT-VALUE} where it is not given.")
        private int number;

        @Option(names = "--executor", description = "Whose pool, where there are several.")
        private @Nullable String executor;

        @Option(names = {"--instance_type", "--instance-type"}, description = "EC2's name of a type.")
        private @Nullable String instanceType;

        @Option(names = {"--max_idle_time",
                "--max-idle-time"}, paramLabel = "SECONDS",
                description = "Without work for so long, a machine ends itself.")
        private @Nullable Long maxIdleTime;

        @Option(names = {"--idle_terminate_granularity",
                "--idle-terminate-granularity"}, paramLabel = "SECONDS",
                description = "In the last 5%% of each such time alone.")
        private @Nullable Long idleTerminateGranularity;

        @Option(names = {"--pywren_git_branch", "--pywren-git-branch", "--git_branch",
                "--git-branch"}, description = "The branch whose worker the machines run.")
        private @Nullable String gitBranch;

        @Option(names = {"--pywren_git_commit", "--pywren-git-commit", "--git_commit",
                "--git-commit"}, description = "The commit whose worker they run; it wins.")
        private @Nullable String gitCommit;

        @Option(names = {"--spot_price",
                "--spot-price"}, paramLabel = "DOLLARS", description = "Spot instances, at most at that price an hour.")
        private @Nullable Double spotPrice;

        @Option(names = "--parallelism", description = "Calls that a machine runs at once.")
        private @Nullable Integer parallelism;

        @Option(names = {"--availability_zone", "--availability-zone"}, description = "Where.")
        private @Nullable String availabilityZone;

        @Option(names = {"--tag", "--tags"}, paramLabel = "NAME=VALUE", description = "A tag of the machines.")
        private Map<String, String> tags = new LinkedHashMap<>();

        @Override
        public Integer call() {
            LaunchOptions options = LaunchOptions.defaults();
            options = instanceType == null ? options : options.instanceType(instanceType);
            options = maxIdleTime == null ? options : options.maxIdleTime(Duration.ofSeconds(maxIdleTime));
            options = idleTerminateGranularity == null
                    ? options
                    : options.idleTerminateGranularity(Duration.ofSeconds(idleTerminateGranularity));
            options = gitBranch == null ? options : options.gitBranch(gitBranch);
            options = gitCommit == null ? options : options.gitCommit(gitCommit);
            options = spotPrice == null ? options : options.spotPrice(spotPrice);
            options = parallelism == null ? options : options.parallelism(parallelism);
            options = availabilityZone == null ? options : options.availabilityZone(availabilityZone);
            options = tags.isEmpty() ? options : options.tags(tags);
            try (WrenExecutor to = connection.executor(executor)) {
                print(connection, to.launchInstances(number, options));
                return 0;
            }
        }
    }

    /** Lists machines. */
    @Command(name = "list_instances", aliases = "list-instances", mixinStandardHelpOptions = true,
            description = "Prints the machines.")
    static final class ListThem implements Callable<Integer> {

        @Mixin
        private final Connection connection = new Connection();

        @Override
        public Integer call() {
            try (WrenExecutor executor = connection.executor(null)) {
                print(connection, executor.listInstances());
                return 0;
            }
        }
    }

    /** Ends machines. */
    @Command(name = "terminate_instances", aliases = "terminate-instances", mixinStandardHelpOptions = true,
            description = "Ends machines, once their calls have ended or gone back to the queue.")
    static final class Terminate implements Callable<Integer> {

        @Mixin
        private final Connection connection = new Connection();

        @Parameters(arity = "0..*", paramLabel = "ID", description = "Ids of machines; all where none is given.")
        private List<String> ids = new ArrayList<>();

        @Option(names = "--executor", description = "Whose pool, where there are several and no ids are given.")
        private @Nullable String executor;

        @Override
        public Integer call() {
            try (WrenExecutor to = connection.executor(executor)) {
                print(connection, ids.isEmpty()
                        ? to.terminateInstances()
                        : ids.stream().map(to::terminateInstance).toList());
                return 0;
            }
        }
    }
}
