package dev.wren.gateway.submission;

import dev.wren.gateway.callset.Callset;
import dev.wren.gateway.callset.CallsetSettings;
import dev.wren.gateway.callset.Callsets;
import dev.wren.gateway.callset.OpenCallsets;
import dev.wren.gateway.callset.Placement;
import dev.wren.gateway.callset.ReceiveMemory;
import dev.wren.gateway.callset.Recovery;
import dev.wren.gateway.callset.RunningCallsets;
import dev.wren.gateway.jar.FunctionCheck;
import dev.wren.gateway.jar.Jars;
import dev.wren.gateway.jar.LocalJars;
import dev.wren.gateway.jar.PinnedJar;
import dev.wren.gateway.limits.Quota;
import dev.wren.gateway.limits.QuotaExceededException;
import dev.wren.gateway.limits.TenantShare;
import dev.wren.gateway.record.Manifest;
import dev.wren.gateway.record.MapSettings;
import dev.wren.gateway.record.MappedFunction;
import dev.wren.gateway.shard.HeldShards;
import dev.wren.gateway.store.BucketException;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.S3Uri;
import dev.wren.gateway.store.StoreException;
import dev.wren.gateway.store.UserBuckets;
import dev.wren.gateway.web.IdempotencyKey;
import dev.wren.gateway.web.Shutdown;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ObjectKeys;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** Accepts callsets: bounded, checked, and made durable. Safe for use by several threads. */
@Component
public final class Intake {

    private static final Logger log = LoggerFactory.getLogger(Intake.class);
    /** A manifest is tried to be put, at most. */
    private static final int ACCEPT_TRIES = 3;

    private final ObjectStore store;
    private final Callsets callsets;
    private final RunningCallsets running;
    private final Jars jars;
    private final UserBuckets buckets;
    private final FunctionCheck functions;
    private final Placement placement;
    private final OpenCallsets open;
    private final Recovery recovery;
    private final Shutdown shutdown;
    private final HeldShards shards;
    private final ReceiveMemory receiveMemory;
    private final CallsetSettings limits;
    private final Clock clock;
    private final JsonMapper json = JsonMapper.shared();
    private final ConcurrentMap<CallsetId, Draft> drafts = new ConcurrentHashMap<>();
    private final Quota receiving;

    Intake(ObjectStore store, Callsets callsets, RunningCallsets running, Jars jars, UserBuckets buckets,
            FunctionCheck functions,
            Placement placement, OpenCallsets open, Recovery recovery, Shutdown shutdown, HeldShards shards,
            ReceiveMemory receiveMemory,
            CallsetSettings limits, TenantShare share, Clock clock, MeterRegistry metrics) {
        this.store = store;
        this.callsets = callsets;
        this.running = running;
        this.jars = jars;
        this.buckets = buckets;
        this.functions = functions;
        this.placement = placement;
        this.open = open;
        this.recovery = recovery;
        this.shutdown = shutdown;
        this.shards = shards;
        this.receiveMemory = receiveMemory;
        this.limits = limits;
        this.clock = clock;
        this.receiving = new Quota("receiving", "callsets are received at once", limits.maxReceiving(), share, metrics);
        Gauge.builder("wren.callsets.receiving", drafts, ConcurrentMap::size)
                .description("submissions under way")
                .register(metrics);
    }

    /**
     * Begins to receive a callset.
     *
     * @param near a callset that is driven by the same gateway, always; null: none is wanted
     * @throws ProblemException {@code unavailable} while shutting down
     * @throws dev.wren.gateway.shard.NotHereException if this gateway drives no callsets
     * @throws QuotaExceededException when as many callsets run or are received as may
     */
    Draft begin(String tenant, @Nullable CallsetId near) {
        shutdown.requireNot();
        int shard = near == null ? shards.forNew() : near.shard();
        shards.require(shard);
        Quota.Grant receipt = receiving.grant(tenant);
        receipt.grow(1);
        RunningCallsets.Place place;
        try {
            place = running.reserve(tenant);
        } catch (QuotaExceededException e) {
            receipt.close();
            throw e;
        }
        Draft draft = new Draft(this, store, limits, tenant, open.next(tenant, shard),
                new Draft.Room(receipt, receiveMemory.grant(tenant), place));
        drafts.put(draft.id(), draft);
        return draft;
    }

    /** Checks a map, and pins its jars; {@code contents} are theirs where they are known already. */
    Draft.Prepared prepare(String tenant, MapSettings settings, @Nullable List<Manifest.JarContent> contents,
            @Nullable CallsetId redriveOf, @Nullable CallsetId reduceOf) {
        if (!settings.overwriteInvokeArgs().isEmpty() && !limits.allowOverwriteInvokeArgs()) {
            throw ProblemException.atPointer(ProblemType.NOT_ALLOWED, "/overwriteInvokeArgs",
                    "The configuration does not allow overwriting the fields of an invocation.");
        }
        if (redriveOf == null && reduceOf == null) {
            requireOutput(settings);
        }
        String executor = placement.place(settings);
        MappedFunction function = settings.function();
        List<PinnedJar> pinned = jars.pin(tenant, contents == null
                ? function.jars()
                : contents.stream().map(jar -> "sha256:" + jar.sha256()).toList());
        try (LocalJars local = jars.localFiles(pinned)) {
            functions.check(local, function.handler(), json.readTree(function.arguments()).size(),
                    settings.excludeModules());
            return new Draft.Prepared(settings, executor, pinned, redriveOf, reduceOf);
        } catch (RuntimeException e) {
            jars.unpin(pinned);
            throw e;
        }
    }

    private void requireOutput(MapSettings settings) {
        try {
            Optional.ofNullable(settings.output()).flatMap(S3Uri::parse).ifPresent(buckets::require);
        } catch (BucketException e) {
            throw ProblemException.atPointer(ProblemType.BUCKET_NOT_ALLOWED, "/output", String.valueOf(e.getMessage()));
        }
    }

    /**
     * Makes a draft durable, and lets it be driven.
     *
     * @param key its idempotency key, or null
     * @throws ProblemException when it is refused; nothing is stored then
     * @throws dev.wren.gateway.shard.ShardLostException if another gateway drives its shard by now
     */
    Callset submit(Draft draft, Draft.@Nullable KeyUse key) throws IOException {
        String tenant = draft.tenant();
        Draft.Prepared prepared = draft.prepared().orElseThrow();
        Manifest.Layout layout = draft.commitData(prepared.settings().dataAllAsOne());
        Manifest manifest = new Manifest(draft.id(), tenant, prepared.settings(), prepared.executor(),
                prepared.jars().stream().map(jar -> new Manifest.JarContent(jar.sha256(), jar.size())).toList(),
                draft.size(), layout,
                clock.instant().truncatedTo(ChronoUnit.MILLIS), prepared.redriveOf(), prepared.reduceOf(),
                key == null ? null : key.hash());
        Manifest.Stored stored = new Manifest.Stored(manifest, draft.inlineData(layout), draft.origins());
        Callset callset = running.accepting(stored);
        draft.room().run().fit(callset);
        if (key != null) {
            key.use(draft.id());
        }
        // Whoever drives the shard now may not look for it any more.
        shards.requireStill(draft.id().shard());
        put(ObjectKeys.manifest(tenant, draft.id()), manifest.encode(json, stored.data(), stored.origins()));
        if (key != null && !isHere(draft, key)) {
            // It is taken back with the draft.
            throw IdempotencyKey.inProgress();
        }
        // It is accepted, whatever happens now.
        draft.accepted();
        running.drive(callset, draft.room().run());
        return callset;
    }

    /** Where it cannot be told, another gateway may have told of it already: it stays, until it can. */
    private boolean isHere(Draft draft, Draft.KeyUse key) {
        try {
            return key.isHere();
        } catch (StoreException e) {
            draft.accepted();
            draft.room().run().close();
            recovery.decideLater(draft.tenant(), draft.id());
            throw e;
        }
    }

    /**
     * Puts the manifest. An answer that was lost is asked for again: a callset that is there is accepted, and its sender
     * must not be told otherwise.
     */
    private void put(String key, byte[] manifest) {
        for (int attempt = 1;; attempt++) {
            try {
                if (!store.putOrFind(key, manifest)) {
                    throw new IllegalStateException(key + " is there already");
                }
                return;
            } catch (StoreException e) {
                if (attempt == ACCEPT_TRIES) {
                    throw e;
                }
                log.warn("{} may be stored or not, and is asked for: {}", key, e.getMessage());
            }
        }
    }

    /** The draft is closed: accepted, or to be forgotten. */
    void closed(Draft draft, boolean accepted) {
        try {
            if (!accepted) {
                callsets.deleteObjectsAtLast(draft.tenant(), draft.id());
            }
        } finally {
            draft.prepared().ifPresent(prepared -> jars.unpin(prepared.jars()));
            drafts.remove(draft.id());
            draft.room().receipt().close();
            draft.room().memory().close();
            if (!accepted) {
                draft.room().run().close();
                open.closed(draft.id());
            }
        }
    }

    /** Whether submissions are under way that belong to the shard. */
    public boolean isReceivingInto(int shard) {
        return drafts.keySet().stream().anyMatch(id -> id.shard() == shard);
    }

    /** Whether a submission of this id is under way. */
    public boolean isReceiving(CallsetId id) {
        return drafts.containsKey(id);
    }

    /** Deletes what a submission has left that was never accepted and is not under way. */
    public void sweep(String tenant, CallsetId id, IntConsumer throttle) {
        if (!isReceiving(id) && callsets.peek(tenant, id).isEmpty()) {
            callsets.deleteObjects(tenant, id, throttle);
        }
    }
}
