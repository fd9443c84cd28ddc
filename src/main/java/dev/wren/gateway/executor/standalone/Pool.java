package dev.wren.gateway.executor.standalone;

import dev.wren.gateway.executor.InstancePool;
import dev.wren.gateway.executor.remote.ReportTokens;
import dev.wren.protocol.remote.RemoteHeartbeat;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.exception.SdkException;

/**
 * The machines of a pool: what EC2 says of them, what they say of themselves, and what was done here. Safe for use by
 * several threads.
 */
final class Pool implements InstancePool {

    private static final Logger log = LoggerFactory.getLogger(Pool.class);
    /** What EC2 says is asked for again after that. */
    private static final Duration FRESH = Duration.ofSeconds(2);
    /** EC2 takes values of tags of 256 characters. */
    private static final int TAG = 250;
    /** Ids in a line of the log. */
    private static final int SHOWN = 10;
    private static final String OWN_TAGS = "wren-";

    private final String name;
    private final StandaloneSettings settings;
    private final WorkQueue work;
    private final Fleet fleet;
    private final Machines machines;
    private final Builds builds;
    private final ReportTokens tokens;
    private final Clock clock;
    private final MachineViews views;
    private final Object looking = new Object();
    /** Guarded by {@link #looking}, like what follows. */
    private Map<String, Fleet.Seen> seen = Map.of();
    private @Nullable Instant seenAt;
    private @Nullable String trouble;
    private volatile Map<State, Long> counts = Map.of();
    /** One launch after the other: so what all of them may have together is kept. */
    private final Object launching = new Object();

    Pool(String name, StandaloneSettings settings, WorkQueue work, Fleet fleet, Machines machines, Builds builds,
            ReportTokens tokens, Clock clock) {
        this.name = name;
        this.settings = settings;
        this.work = work;
        this.fleet = fleet;
        this.machines = machines;
        this.builds = builds;
        this.tokens = tokens;
        this.clock = clock;
        this.views = new MachineViews(settings.silentAfter());
    }

    /** A machine says what it is at. Returns false if it is not believed. */
    boolean heard(RemoteHeartbeat heartbeat) {
        return heartbeat.queue().equals(settings.queue())
                && machines.heard(heartbeat, tokens.isPool(heartbeat.token(), settings.queue()));
    }

    @Override
    public List<Instance> launch(Launch launch) {
        if (!settings.ec2()) {
            throw new NotAllowedException("The pool has no instances of EC2 (wren.executors." + name + ".ec2).");
        }
        String type = Objects.requireNonNullElse(launch.instanceType(), settings.instanceType());
        synchronized (launching) {
            checkLimits(launch, type);
            Builds.Build build = builds.find(launch.gitCommit(), launch.gitBranch());
            List<String> ids = fleet.launch(new Fleet.Order(launch.number(), type, launch.spotPrice(),
                    launch.availabilityZone(), tags(launch, build), launch.token()));
            try {
                // Each try has another link: in the launch it would make another launch of the same token.
                fleet.tag(ids, link(build));
            } catch (RefusedException e) {
                fleet.terminate(ids);
                throw e;
            }
            Instant now = clock.instant();
            String shown = launch.tags().getOrDefault(Fleet.NAME_TAG, settings.queue());
            machines.put(ids, record -> new MachineRecord(record.id(), record.heardAt(), record.heartbeat(),
                    record.launch() != null
                            ? record.launch()
                            : new MachineRecord.Launched(now, type, launch.spotPrice(), shown),
                    record.drainBy()));
            forgetSeen();
            log.info("executor {}: {} instances of {} were launched: {}", name, ids.size(), type, ids);
            return ids.stream().map(id -> views.of(machines.find(id).orElseThrow(), null, false, now)).toList();
        }
    }

    private void checkLimits(Launch launch, String type) {
        List<Instance> there = instances().stream()
                .filter(each -> each.state() != State.TERMINATED && each.id().startsWith(Machines.EC2_ID)).toList();
        if (there.size() + launch.number() > settings.maxInstances()) {
            throw new NotAllowedException("The pool has " + there.size() + " instances, and may have "
                    + settings.maxInstances() + " (wren.executors." + name + ".max-instances).");
        }
        BigDecimal most = settings.maxHourlyCost();
        if (most == null) {
            return;
        }
        BigDecimal sum = there.stream().map(each -> price(each.instanceType(), spotPrice(each.id())))
                .reduce(price(type, launch.spotPrice()).multiply(BigDecimal.valueOf(launch.number())), BigDecimal::add);
        if (sum.compareTo(most) > 0) {
            throw new NotAllowedException("With these instances the pool would cost up to " + sum.toPlainString()
                    + " dollars an hour, and may cost " + most.toPlainString() + " (wren.executors." + name
                    + ".max-hourly-cost).");
        }
    }

    private @Nullable BigDecimal spotPrice(String id) {
        return machines.find(id).map(MachineRecord::launch).map(MachineRecord.Launched::spotPrice).orElse(null);
    }

    /** Dollars an hour, at most. */
    private BigDecimal price(String type, @Nullable BigDecimal spotPrice) {
        if (spotPrice != null) {
            return spotPrice;
        }
        BigDecimal known = settings.hourlyPrices().get(type);
        if (known == null) {
            throw new NotAllowedException("What an instance of " + type + " costs is not configured (wren.executors."
                    + name + ".hourly-prices), and the pool has a ceiling of its cost.");
        }
        return known;
    }

    /** What an instance reads of itself when it starts. */
    private Map<String, String> tags(Launch launch, Builds.Build build) {
        Map<String, String> tags = new LinkedHashMap<>();
        tags.put(Fleet.NAME_TAG, settings.queue());
        launch.tags().forEach((key, value) -> {
            if (key.startsWith(OWN_TAGS) || key.startsWith("aws:")) {
                throw new WrongLaunchException("tags/" + key,
                        "Tags that begin with wren- or aws: are not for callers.");
            }
            tags.put(key, value);
        });
        tags.put("wren-queue", work.url());
        tags.put("wren-visibility", Long.toString(settings.visibility().toSeconds()));
        tags.put("wren-drain-time", Long.toString(settings.drainTime().toSeconds()));
        tags.put("wren-max-idle-time", Long.toString(
                Objects.requireNonNullElse(launch.maxIdleTime(), settings.maxIdleTime()).toSeconds()));
        tags.put("wren-granularity", Long.toString(Objects.requireNonNullElse(launch.idleTerminateGranularity(),
                settings.idleTerminateGranularity()).toSeconds()));
        Integer parallelism = launch.parallelism() != null ? launch.parallelism() : settings.parallelism();
        if (parallelism != null) {
            tags.put("wren-parallelism", Integer.toString(parallelism));
        }
        tags.put(RemoteHeartbeat.TOKEN_TAG, tokens.pool(settings.queue()));
        tags.put("wren-build", build.commit());
        tags.put("wren-build-sha256", build.sha256());
        return tags;
    }

    /** Where an instance gets its build, which it waits for. */
    private static Map<String, String> link(Builds.Build build) {
        Map<String, String> tags = new LinkedHashMap<>();
        // Some characters of a URL are none of a tag's, and one tag is too short for it.
        String url = Base64.getUrlEncoder().withoutPadding()
                .encodeToString(build.url().getBytes(StandardCharsets.US_ASCII));
        for (int i = 0, n = 0; i < url.length(); i += TAG, n++) {
            tags.put("wren-build-url-" + n, url.substring(i, Math.min(url.length(), i + TAG)));
            tags.put("wren-build-url-parts", Integer.toString(n + 1));
        }
        return tags;
    }

    @Override
    public List<Instance> instances() {
        Map<String, Fleet.Seen> onEc2 = new HashMap<>(look(FRESH));
        Instant now = clock.instant();
        List<Instance> all = new ArrayList<>();
        boolean known = isKnown();
        machines.all().forEach(record -> all.add(views.of(record, onEc2.remove(record.id()), known, now)));
        // What a gateway has launched that died before it could note it.
        onEc2.forEach((id, instance) -> all
                .add(views.of(new MachineRecord(id, null, null, null, null), instance, known, now)));
        all.sort(Comparator.comparing(Instance::launchedAt).thenComparing(Instance::id));
        counts = all.stream().collect(Collectors.groupingBy(Instance::state, Collectors.counting()));
        return all;
    }

    /** Machines in a state, as they were seen last. */
    long count(State state) {
        return counts.getOrDefault(state, 0L);
    }

    private void forgetSeen() {
        synchronized (looking) {
            seenAt = null;
        }
    }

    /** What EC2 says, not older than that where it answers. */
    private Map<String, Fleet.Seen> look(Duration age) {
        synchronized (looking) {
            Instant now = clock.instant();
            if (settings.ec2() && (seenAt == null || !now.isBefore(seenAt.plus(age)))) {
                try {
                    seen = fleet.instances();
                    trouble = null;
                } catch (SdkException e) {
                    String said = String.valueOf(e.getMessage());
                    if (!said.equals(trouble)) {
                        log.warn("executor {}: EC2 does not say what instances there are: {}", name, said);
                        trouble = said;
                    }
                }
                seenAt = now;
            }
            return seen;
        }
    }

    /** Whether EC2 has answered recently: else what it does not say is no news. */
    private boolean isKnown() {
        synchronized (looking) {
            return seenAt != null && trouble == null;
        }
    }

    @Override
    public Optional<Instance> drain(String id) {
        Optional<Instance> there = find(id);
        there.ifPresent(each -> drain(List.of(each)));
        return there.isEmpty() ? there : find(id);
    }

    private Optional<Instance> find(String id) {
        return instances().stream().filter(each -> each.id().equals(id)).findFirst();
    }

    @Override
    public List<Instance> drainAll() {
        List<Instance> all = instances().stream().filter(each -> each.id().startsWith(Machines.EC2_ID))
                .filter(each -> each.state() != State.TERMINATED).toList();
        drain(all);
        List<String> ids = all.stream().map(Instance::id).toList();
        return instances().stream().filter(each -> ids.contains(each.id())).toList();
    }

    private void drain(List<Instance> which) {
        List<Instance> open = which.stream().filter(each -> each.state() != State.TERMINATED).toList();
        open.stream().filter(each -> !each.id().startsWith(Machines.EC2_ID)).findFirst().ifPresent(each -> {
            throw new NotAllowedException("The machine " + each.id()
                    + " has joined by itself, and is ended where it runs: its worker ends on SIGTERM.");
        });
        if (open.isEmpty()) {
            return;
        }
        Instant by = clock.instant().plus(settings.drainTime()).plus(settings.drainGrace());
        machines.put(open.stream().map(Instance::id).toList(),
                record -> record.drainBy() == null ? record.drained(by) : record);
        // There is nobody to be told in one that was not heard of yet.
        List<String> unheard = open.stream().filter(each -> each.state() == State.PENDING).map(Instance::id).toList();
        List<String> told = open.stream().map(Instance::id).filter(id -> !unheard.contains(id)).toList();
        if (!told.isEmpty()) {
            fleet.tag(told, Map.of(RemoteHeartbeat.DRAIN_TAG, by.toString()));
        }
        if (!unheard.isEmpty()) {
            fleet.terminate(unheard);
        }
        forgetSeen();
    }

    /** Ends what is overdue, or nobody's, and writes and forgets what is worth it. */
    void keep() {
        Map<String, Fleet.Seen> onEc2 = look(Duration.ZERO);
        Instant now = clock.instant();
        Map<String, List<String>> ended = new HashMap<>();
        for (Instance each : instances()) {
            if (!each.id().startsWith(Machines.EC2_ID) || !onEc2.containsKey(each.id())) {
                continue;
            }
            MachineRecord record = machines.find(each.id())
                    .orElseGet(() -> new MachineRecord(each.id(), null, null, null, null));
            if (!onEc2.get(each.id()).isOver()) {
                reasonToEnd(each, record, now)
                        .ifPresent(why -> ended.computeIfAbsent(why, _ -> new ArrayList<>()).add(each.id()));
            }
        }
        ended.forEach((why, ids) -> {
            log.warn("executor {}: {} instances are ended, since they {}: {}{}", name, ids.size(), why,
                    ids.subList(0, Math.min(SHOWN, ids.size())), ids.size() > SHOWN ? " and others" : "");
            fleet.terminate(ids);
            forgetSeen();
        });
        machines.write();
        machines.forget(machines.all().stream().filter(record -> isForgotten(record, onEc2.get(record.id()), now))
                .map(MachineRecord::id).toList());
    }

    private Optional<String> reasonToEnd(Instance instance, MachineRecord record, Instant now) {
        Instant drainBy = record.drainBy();
        if (drainBy != null && now.isAfter(drainBy)) {
            return Optional.of("were to end by themselves, and did not");
        }
        Instant heardAt = record.heardAt();
        if (heardAt == null) {
            return instance.uptime().compareTo(settings.bootTimeout()) > 0
                    ? Optional.of("were launched " + settings.bootTimeout().toSeconds() + " s ago, and never heard of")
                    : Optional.empty();
        }
        if (Duration.between(heardAt, now).compareTo(settings.endAfter()) > 0) {
            return Optional.of("have been silent for " + settings.endAfter().toSeconds() + " s");
        }
        return Optional.empty();
    }

    /** Terminated instances are shown as long as EC2 shows them. */
    private boolean isForgotten(MachineRecord record, Fleet.@Nullable Seen ec2, Instant now) {
        Instant last = record.heardAt() != null
                ? record.heardAt()
                : record.launch() != null ? record.launch().at() : Instant.EPOCH;
        return ec2 == null && now.isAfter(last.plus(settings.forgetAfter()))
                && (isKnown() || !record.id().startsWith(Machines.EC2_ID));
    }

    Machines machines() {
        return machines;
    }
}
