package dev.wren.gateway.dispatch;

import dev.wren.gateway.callset.Callset;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.StoreException;
import dev.wren.protocol.ObjectKeys;
import dev.wren.protocol.Report;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Values and outputs that are too large for their records. Safe for use by several threads. */
final class AttemptObjects {

    private static final Logger log = LoggerFactory.getLogger(AttemptObjects.class);

    /** Not empty, so that one byte of it can be asked for. */
    private static final byte[] CANCELLED = {'x'};

    private final DriveState state;

    AttemptObjects(DriveState state) {
        this.state = state;
    }

    void storeValue(Report report, InputStream value) {
        Callset of = state.callset;
        put(ObjectKeys.value(of.tenant(), of.id(), of.callId(report.call()), report.attempt(), report.send()), value);
    }

    void storeLog(Report report, InputStream output) {
        Callset of = state.callset;
        put(ObjectKeys.log(of.tenant(), of.id(), of.callId(report.call()), report.attempt(), report.send()), output);
    }

    /**
     * Tells workers that have not begun their calls that nobody wants them any more, in the background. It is only to save
     * what they would do: whatever they report is refused.
     */
    void markCancelled() {
        Callset of = state.callset;
        String key = ObjectKeys.cancelled(of.tenant(), of.id());
        state.context.inBackground(() -> {
            try {
                boolean _ = state.context.store().putIfAbsent(key, CANCELLED);
            } catch (RuntimeException | Error e) {
                log.warn("callset {}: workers are not told that it is cancelled: {}", of.id(), e.toString());
            } finally {
                removeIfDeleted(key);
            }
        });
    }

    /** Whoever has deleted the callset may have looked before this was there; or the answer that it is there was lost. */
    private void removeIfDeleted(String key) {
        if (!state.callset.state().isDeleted()) {
            return;
        }
        Runnable delete = () -> state.context.store().delete(List.of(key));
        try {
            delete.run();
        } catch (StoreException e) {
            state.context.untilDone("delete", state.callset, delete);
        }
    }

    /** Nobody else has this key, since the number of the sending is in it: what is there already is the same. */
    private void put(String key, InputStream bytes) {
        if (state.locked(() -> state.stopped)) {
            return;
        }
        ObjectStore store = state.context.store();
        try (ObjectStore.Upload upload = store.upload(key)) {
            bytes.transferTo(upload.stream());
            boolean _ = upload.commit();
        } catch (IOException e) {
            throw new StoreException("a value could not be stored", e);
        } finally {
            removeIfDeleted(key);
        }
    }
}
