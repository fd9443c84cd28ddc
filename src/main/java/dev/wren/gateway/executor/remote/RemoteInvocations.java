package dev.wren.gateway.executor.remote;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.wren.gateway.executor.Chunk;
import dev.wren.gateway.executor.ChunkContents;
import dev.wren.gateway.executor.Job;
import dev.wren.gateway.record.Data;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.StoreLinks;
import dev.wren.protocol.CallError;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ErrorCode;
import dev.wren.protocol.Invocation;
import dev.wren.protocol.ObjectKeys;
import dev.wren.protocol.Outcome;
import dev.wren.protocol.Protocol;
import dev.wren.protocol.Report;
import dev.wren.protocol.remote.RemoteCall;
import dev.wren.protocol.remote.RemoteCall.Datum;
import dev.wren.protocol.remote.RemoteInvocation;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.springframework.stereotype.Component;

/**
 * Makes invocations of chunks: all that a worker needs, and nothing that opens more. What a callset's invocations have in
 * common is signed once for a while. Safe for use by several threads.
 */
@Component
public final class RemoteInvocations {

    /** Links are made for this much longer than they are needed, and used again until less is left. */
    private static final Duration SPARE = Duration.ofMinutes(10);
    private static final int CALLSETS = 1000;
    /** The longest that S3 signs for. */
    private static final Duration LONGEST = Duration.ofDays(7);

    private final ObjectStore store;
    private final ReportTokens tokens;
    private final RemoteSettings settings;
    private final Clock clock;
    private final Cache<CallsetId, Shared> shared;

    RemoteInvocations(ObjectStore store, ReportTokens tokens, RemoteSettings settings, Clock clock, Ticker ticker) {
        this.store = store;
        this.tokens = tokens;
        this.settings = settings;
        this.clock = clock;
        this.shared = Caffeine.newBuilder().ticker(ticker).maximumSize(CALLSETS).expireAfterWrite(SPARE.dividedBy(2))
                .build();
    }

    /** Links that all invocations of a callset have in common. */
    private record Shared(List<String> jars, String data, List<String> signs, Duration valid) {
    }

    /** Whether the store can make links at all. */
    public boolean arePossible() {
        return store.links().isPresent();
    }

    /**
     * The invocation of a chunk whose data were not let go yet.
     *
     * @param queue where its reports go
     * @param valid how long it may be of use: until its reports are there
     * @param answers whether its reports are its answer
     */
    public RemoteInvocation make(Chunk chunk, String queue, Duration valid, boolean answers) {
        Job job = chunk.job();
        StoreLinks links = store.links().orElseThrow(() -> new IllegalStateException("the store makes no links"));
        Duration longer = valid.plus(SPARE).compareTo(LONGEST) > 0 ? LONGEST : valid.plus(SPARE);
        Shared common = shared.get(job.id(), id -> share(links, job, longer));
        if (!common.valid.equals(longer)) {
            common = share(links, job, longer);
            shared.put(job.id(), common);
        }
        Instant now = clock.instant();
        Invocation invocation = chunk.invocation(Protocol.VERSION, common.jars);
        return new RemoteInvocation(invocation, job.tenant(),
                job.settings().extraEnv(), !job.settings().useCachedRuntime(), settings.limits(), now.toEpochMilli(),
                now.plus(valid).toEpochMilli(),
                chunk.contents() instanceof ChunkContents.Elsewhere ? common.data : null,
                links.put(ObjectKeys.overflow(job.tenant(), job.id(), chunk.send()), longer), common.signs, queue,
                answers, calls(chunk, invocation.callsetId(), links, longer));
    }

    private static Shared share(StoreLinks links, Job job, Duration valid) {
        return new Shared(
                job.jars().stream()
                        .map(jar -> links.get(ObjectKeys.jarContent(job.tenant(), jar.sha256()), valid)).toList(),
                links.get(ObjectKeys.data(job.tenant(), job.id()), valid),
                List.of(links.get(ObjectKeys.cancelled(job.tenant(), job.id()), valid),
                        links.get(ObjectKeys.manifest(job.tenant(), job.id()), valid)),
                valid);
    }

    private List<RemoteCall> calls(Chunk chunk, String callset, StoreLinks links, Duration valid) {
        List<RemoteCall> calls = new ArrayList<>(chunk.size());
        for (int i = 0; i < chunk.size(); i++) {
            calls.add(new RemoteCall(chunk.call(i), chunk.attempt(i),
                    tokens.token(chunk.job().tenant(), callset, chunk.call(i), chunk.attempt(i), chunk.send()),
                    switch (chunk.contents()) {
                        case ChunkContents.InHand(List<byte[]> data) -> new Datum.Inline(data.get(i));
                        case ChunkContents.Elsewhere(List<Data.Place> places) -> datum(places.get(i), links, valid);
                    }));
        }
        return calls;
    }

    private static Datum datum(Data.Place place, StoreLinks links, Duration valid) {
        return place.length() < 0
                ? new Datum.Link(links.get(place.key(), valid))
                : new Datum.Range(place.offset(), place.length());
    }

    /** Whether no call of the chunk is to be run any more. */
    public static boolean isUnwanted(Chunk chunk) {
        return chunk.decided().length == chunk.open().length;
    }

    /** The calls of a chunk that is not sent are sent later. */
    public static void giveBack(Chunk chunk) {
        for (int call : chunk.open()) {
            chunk.giveBack(call);
        }
    }

    /** The calls of a chunk end in an error, since nobody takes an invocation of so many bytes. */
    public static void tooLarge(Chunk chunk, int bytes, int most) {
        for (int call : chunk.open()) {
            chunk.report(new Report(call, chunk.attemptOf(call), chunk.send(),
                    new Outcome.Failure(CallError.of(ErrorCode.RUNTIME, "The invocation has " + bytes
                            + " bytes, and may have " + most
                            + ": fewer data in a chunk, fewer jars, or less extraMeta, extraEnv and arguments.")),
                    null));
        }
    }
}
