package dev.wren.gateway.jar;

import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.StoreException;
import dev.wren.protocol.ObjectKeys;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Optional;

/**
 * Since when nothing refers to contents of jars. Whoever removes one says so in its mark first, and whoever is about to use
 * one makes its mark new, each by comparing and setting: of two gateways one gives way. Safe for use by several threads.
 */
final class UnusedMarks {

    private static final String REMOVING = "removing ";
    private static final int MOST_TRIES = 10;

    private final ObjectStore store;
    private final Clock clock;

    UnusedMarks(ObjectStore store, Clock clock) {
        this.store = store;
        this.clock = clock;
    }

    /**
     * A mark.
     *
     * @param since when nothing refers to the content
     * @param removing whether it is being removed
     */
    record Mark(Instant since, boolean removing, String etag) {
    }

    Optional<Mark> find(String tenant, String hash) {
        return store.get(ObjectKeys.unusedJar(tenant, hash)).map(object -> {
            String text = new String(object.bytes(), StandardCharsets.US_ASCII);
            boolean removing = text.startsWith(REMOVING);
            return new Mark(since(removing ? text.substring(REMOVING.length()) : text), removing, object.etag());
        });
    }

    /** One that cannot be read counts as one that was made now. */
    private Instant since(String text) {
        try {
            return Instant.parse(text);
        } catch (DateTimeParseException _) {
            return clock.instant();
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** Nothing refers to the content now. */
    void mark(String tenant, String hash) {
        boolean _ = store.putIfAbsent(ObjectKeys.unusedJar(tenant, hash), bytes(clock.instant().toString()));
    }

    /** Something refers to it, or it is gone. */
    void clear(String tenant, String hash) {
        store.delete(List.of(ObjectKeys.unusedJar(tenant, hash)));
    }

    /** Whoever gets true has to remove the content, and then the mark. */
    boolean beginRemoval(String tenant, String hash, Mark mark) {
        return mark.removing
                || store.replace(ObjectKeys.unusedJar(tenant, hash), bytes(REMOVING + mark.since), mark.etag)
                        .isPresent();
    }

    /**
     * Somebody is about to use the content: it is not removed before a mark that is made now is old enough.
     *
     * @return false if it is being removed
     */
    boolean renew(String tenant, String hash) {
        for (int tries = 0; tries < MOST_TRIES; tries++) {
            Optional<Mark> mark = find(tenant, hash);
            if (mark.isEmpty()) {
                return true;
            }
            if (mark.get().removing) {
                return false;
            }
            if (store.replace(ObjectKeys.unusedJar(tenant, hash), bytes(clock.instant().toString()), mark.get().etag)
                    .isPresent()) {
                return true;
            }
        }
        throw new StoreException("the mark of the content " + hash + " changes all the time", null);
    }
}
