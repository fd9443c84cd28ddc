package dev.wren.gateway.output;

import dev.wren.gateway.callset.Callset;
import dev.wren.gateway.callset.Finishing;
import dev.wren.gateway.callset.Rescues;
import dev.wren.gateway.record.Delivery;
import dev.wren.gateway.store.BucketException;
import dev.wren.gateway.store.DamagedObjectException;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.S3Uri;
import dev.wren.gateway.store.StoreException;
import dev.wren.gateway.store.UserBuckets;
import dev.wren.gateway.view.CallLines;
import dev.wren.gateway.view.CallsetView;
import dev.wren.gateway.web.problem.ProblemException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/**
 * Writes the results of callsets to buckets of their callers, as parts of lines of JSON, and a manifest when all are there.
 * What is written depends on the callset's log alone: after a restart the same is written again, and what is there already
 * is left as it is. Safe for use by several threads.
 */
@Component
final class Outputs implements Finishing, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Outputs.class);
    private static final int BUFFER = 1 << 16;
    /** Callsets whose results are written at once. */
    private static final int THREADS = 2;

    private final UserBuckets buckets;
    private final Rescues rescues;
    private final long partSize;
    private final MeterRegistry metrics;
    private final JsonMapper json;
    private final ExecutorService threads = Executors.newFixedThreadPool(THREADS,
            Thread.ofPlatform().daemon().name("output-", 1).factory());

    Outputs(UserBuckets buckets, Rescues rescues, OutputSettings settings, MeterRegistry metrics, JsonMapper json) {
        this.buckets = buckets;
        this.rescues = rescues;
        this.partSize = settings.partSize().toBytes();
        this.metrics = metrics;
        this.json = json;
    }

    /**
     * The manifest of what was written.
     *
     * @param callset as it is shown when it is done
     */
    record OutputManifest(CallsetView callset, List<Part> parts) {

        OutputManifest {
            parts = List.copyOf(parts);
        }
    }

    /**
     * One object of results.
     *
     * @param key in the bucket
     * @param calls lines in it
     * @param bytes its size
     */
    record Part(String key, int calls, long bytes) {
    }

    @Override
    public boolean isPending(Callset callset) {
        return callset.settings().output() != null && callset.delivery().isEmpty();
    }

    @Override
    public void finish(Callset callset, Runnable then) {
        try {
            threads.execute(() -> {
                try {
                    write(callset, then);
                } catch (RuntimeException e) {
                    log.warn("callset {}: its results are not written yet: {}", callset.id(), e.toString());
                    rescues.until("output", callset.id(), () -> write(callset, then));
                }
            });
        } catch (RejectedExecutionException _) {
            log.debug("callset {}: closed; its results are written after the next start", callset.id());
        }
    }

    /** Throws what may go better another time. */
    private void write(Callset callset, Runnable then) {
        if (callset.driven().isOver()) {
            return;
        }
        if (isPending(callset)) {
            Delivery delivery = deliver(callset);
            callset.delivered(delivery);
            Counter.builder("wren.outputs").description("callsets whose results were to be written to a bucket")
                    .tag("state", delivery.state().name().toLowerCase(Locale.ROOT)).register(metrics).increment();
        }
        then.run();
    }

    private Delivery deliver(Callset callset) {
        try {
            S3Uri place = callset.outputPlace().orElseThrow();
            List<Part> parts = parts(callset, place);
            try (ObjectStore.Upload manifest = buckets.upload(place.at("manifest.json"))) {
                manifest.stream().write(
                        json.writeValueAsBytes(new OutputManifest(CallsetView.of(callset).withoutOutput(), parts)));
                // If it is there already, an answer was lost.
                boolean _ = manifest.commit();
            }
            return new Delivery(Delivery.State.WRITTEN, null, parts.size());
        } catch (BucketException | DamagedObjectException e) {
            log.error("callset {}: its results cannot be written: {}", callset.id(), e.getMessage());
            return new Delivery(Delivery.State.FAILED, e.getMessage(), 0);
        } catch (ProblemException e) {
            // Deleted meanwhile: nobody asks what became of it.
            return new Delivery(Delivery.State.FAILED, e.getMessage(), 0);
        } catch (IOException e) {
            throw new StoreException("the results could not be written: " + e.getMessage(), e);
        }
    }

    private List<Part> parts(Callset callset, S3Uri place) throws IOException {
        List<Part> parts = new ArrayList<>();
        int call = 0;
        while (call < callset.size()) {
            S3Uri part = place.at("part-%05d.ndjson".formatted(parts.size()));
            int first = call;
            try (ObjectStore.Upload upload = buckets.upload(part)) {
                Counted out = new Counted(new BufferedOutputStream(upload.stream(), BUFFER));
                while (call < callset.size() && out.bytes < partSize) {
                    if (callset.driven().isOver()) {
                        throw new IOException("it is not driven here any more");
                    }
                    CallLines.write(out, callset, callset.call(call), json);
                    call++;
                }
                out.flush();
                boolean _ = upload.commit();
                parts.add(new Part(part.key(), call - first, out.bytes));
            }
        }
        return parts;
    }

    private static final class Counted extends OutputStream {

        private final OutputStream out;
        private long bytes;

        Counted(OutputStream out) {
            this.out = out;
        }

        @Override
        public void write(int b) throws IOException {
            out.write(b);
            bytes++;
        }

        @Override
        public void write(byte[] from, int offset, int length) throws IOException {
            out.write(from, offset, length);
            bytes += length;
        }

        @Override
        public void flush() throws IOException {
            out.flush();
        }
    }

    /** Lets go: what was not written is begun again after the next start. */
    @Override
    public void close() {
        List<Runnable> dropped = threads.shutdownNow();
        log.debug("the results of {} callsets wait for the next start", dropped.size());
    }
}
