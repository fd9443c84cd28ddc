package dev.wren.gateway.callset;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.wren.gateway.record.Call;
import dev.wren.gateway.record.CallLog;
import dev.wren.gateway.record.CallTable;
import dev.wren.gateway.record.Data;
import dev.wren.gateway.record.DataBlocks;
import dev.wren.gateway.record.Delivery;
import dev.wren.gateway.record.Manifest;
import dev.wren.gateway.record.MapSettings;
import dev.wren.gateway.record.Origins;
import dev.wren.gateway.store.DamagedObjectException;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.PartStream;
import dev.wren.gateway.store.S3Uri;
import dev.wren.protocol.CallIds;
import dev.wren.protocol.CallState;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ObjectKeys;
import dev.wren.protocol.Outcome;
import dev.wren.protocol.Output;
import dev.wren.protocol.Report;
import dev.wren.protocol.Value;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** One callset: what was accepted, its data, its state, and what the records of its calls say. Safe for several threads. */
public final class Callset {

    /** Bytes of memory that a jar of the class path takes, about, here and where it is driven. */
    private static final long JAR = 400;

    private final Manifest manifest;
    private final Origins origins;
    private final Data data;
    private final CallLog log;
    private final ObjectStore store;
    private final Driver driver;
    private final LoggedState state;
    /** What became of its output, once that is known. */
    private volatile @Nullable Delivery delivery;

    Callset(Manifest.Stored stored, ObjectStore store, CallLog log, Driver driver, DataBlocks blocks,
            Ticker ticker) {
        this.manifest = stored.manifest();
        this.origins = stored.origins();
        this.data = new Data(store, manifest, stored.data(), blocks);
        this.store = store;
        this.log = log;
        this.driver = driver;
        this.state = new LoggedState(manifest, log, store, ticker);
    }

    public CallsetId id() {
        return manifest.id();
    }

    public String tenant() {
        return manifest.tenant();
    }

    public MapSettings settings() {
        return manifest.settings();
    }

    public Manifest manifest() {
        return manifest;
    }

    public String executor() {
        return manifest.executor();
    }

    /** Contents of the class path, in order. */
    public List<Manifest.JarContent> jars() {
        return manifest.jars();
    }

    /** Number of calls. */
    public int size() {
        return manifest.size();
    }

    public Instant createdAt() {
        return manifest.createdAt();
    }

    public @Nullable CallsetId redriveOf() {
        return manifest.redriveOf();
    }

    /** The id of the call of {@link #redriveOf()} that a call is run again for; nothing where there is none. */
    public Optional<String> redriveOfCallId(int index) {
        return manifest.redriveOf() == null
                ? Optional.empty()
                : Optional.of(CallIds.format(origins.of(index), origins.sizeOfOrigin()));
    }

    public @Nullable CallsetId reduceOf() {
        return manifest.reduceOf();
    }

    /** Below what its results are written; nothing if nowhere. */
    public Optional<S3Uri> outputPlace() {
        return Optional.ofNullable(manifest.settings().output()).flatMap(S3Uri::parse)
                .map(prefix -> prefix.at(id().text() + "/"));
    }

    /** What became of the results that were to be written elsewhere; nothing as long as that is not settled. */
    public Optional<Delivery> delivery() {
        Delivery known = delivery;
        if (known == null && manifest.settings().output() != null && isDone()) {
            String key = ObjectKeys.output(tenant(), id());
            known = store.get(key).map(object -> decode(key, object.bytes())).orElse(null);
            delivery = known;
        }
        return Optional.ofNullable(known);
    }

    private static Delivery decode(String key, byte[] bytes) {
        try {
            return JsonMapper.shared().readValue(bytes, Delivery.class);
        } catch (JacksonException e) {
            throw new DamagedObjectException(key, "it cannot be read", e);
        }
    }

    /** Makes durable what became of the results; what was made so before stays. */
    public void delivered(Delivery now) {
        String key = ObjectKeys.output(tenant(), id());
        boolean ours = store.putOrFind(key, JsonMapper.shared().writeValueAsBytes(now));
        if (state.isDeleted()) {
            store.delete(List.of(key));
        } else if (ours) {
            delivery = now;
        }
    }

    /** The id of a call, as callers see it. */
    public String callId(int index) {
        return CallIds.format(index, size());
    }

    /** The data, for whoever sends them to workers. */
    public Data data() {
        return data;
    }

    /** What its calls have come to. */
    public CallsetState state() {
        return state;
    }

    /** The same, for whoever drives it. */
    public LoggedState driven() {
        return state;
    }

    /** Whether all calls have ended. */
    public boolean isDone() {
        return state.doneAt() != null;
    }

    /** Bytes of memory that it takes, about, with the state of all its calls, whether that is in memory or not. */
    long weight() {
        return 1024 + manifest.settings().weight() + JAR * manifest.jars().size() + origins.weight() + data.weight()
                + state.weight();
    }

    /** One call, with what its attempts came to. Reads the store. */
    public Call call(int index) {
        CallsetState.CallStatus now = state.status(index);
        List<Call.Attempt> ended = new ArrayList<>(now.earlier().size() + 1);
        now.earlier().forEach(at -> ended.add(attempt(at)));
        now.last().ifPresent(at -> ended.add(attempt(at)));
        Report report = ended.isEmpty() ? null : ended.getLast().report();
        Instant invokedAt = now.invokedAt();
        // Of a call that has ended the log alone tells, so that it is the same forever.
        if ((invokedAt == null || now.state().isFinal()) && !ended.isEmpty()) {
            invokedAt = ended.getLast().invokedAt();
        } else if (now.state().isFinal()) {
            invokedAt = null;
        }
        if (now.state() == CallState.CANCELLED) {
            Report.Status status = null;
            for (Call.Attempt attempt : ended) {
                status = attempt.report().status() != null ? attempt.report().status() : status;
            }
            report = new Report(index, now.attempts(), 0, new Outcome.Cancelled(), status);
        }
        return new Call(index, now.state(), now.attempts(), ended, report, invokedAt);
    }

    private Call.Attempt attempt(CallTable.Location at) {
        return state.unlessDeleted(() -> log.attempt(tenant(), id(), at));
    }

    /** Calls that ended with a segment of the log, in its order. */
    public int[] endedWith(int segment) {
        return state.unlessDeleted(() -> log.ended(tenant(), id(), segment));
    }

    /** Data of calls, as {@link Data#read} gives them. */
    public List<byte[]> read(int first, int count, int maxBytes) {
        return state.unlessDeleted(() -> data.read(first, count, maxBytes));
    }

    /**
     * The JSON of a value.
     *
     * @param report of this callset, of a success
     */
    public InputStream value(Report report) {
        if (!(report.outcome() instanceof Outcome.Success(Value value))) {
            throw new IllegalArgumentException("no value in " + report.outcome());
        }
        return switch (value) {
            case Value.Inline(byte[] json) -> new ByteArrayInputStream(json);
            case Value.Stored(long size) -> open(
                    ObjectKeys.value(tenant(), id(), callId(report.call()), report.attempt(), report.send()), size);
            case Value.Part(long offset, long size) -> openPart(report.send(), offset, size);
        };
    }

    /** All that an attempt wrote to standard output and error. */
    public InputStream log(Report report) {
        Report.Status status = report.status();
        Output output = status == null ? Output.NONE : status.output();
        if (output.logSize() > 0 && output.logOffset() != Output.OWN_OBJECT) {
            return openPart(report.send(), output.logOffset(), output.logSize());
        }
        return output.logSize() == 0
                ? new ByteArrayInputStream(output.excerpt())
                : open(ObjectKeys.log(tenant(), id(), callId(report.call()), report.attempt(), report.send()),
                        output.logSize());
    }

    private InputStream openPart(long send, long offset, long size) {
        return state
                .unlessDeleted(() -> new PartStream(store, ObjectKeys.overflow(tenant(), id(), send), offset, size));
    }

    private InputStream open(String key, long size) {
        ObjectStore.StoredObject object = state.unlessDeleted(() -> store.get(key)
                .orElseThrow(() -> new DamagedObjectException(key, "is not there", null)));
        if (object.size() != size) {
            object.close();
            throw new DamagedObjectException(key, "has " + object.size() + " bytes, not " + size, null);
        }
        return object.body();
    }

    /** Cancels all calls that have not ended; true if that is durable within {@code timeout}. */
    public boolean cancel(Duration timeout) throws InterruptedException {
        if (!isDone()) {
            driver.cancel(this);
        }
        return state.awaitDone(timeout);
    }

    /** Cancels a call that has not ended; true if that is durable within {@code timeout}. */
    public boolean cancel(int index, Duration timeout) throws InterruptedException {
        if (!state.of(index).isFinal()) {
            driver.cancel(this, index);
        }
        return state.awaitFinal(index, timeout);
    }
}
