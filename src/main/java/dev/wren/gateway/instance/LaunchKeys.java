package dev.wren.gateway.instance;

import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.web.IdempotencyKey;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import dev.wren.protocol.ObjectKeys;
import dev.wren.protocol.Sha256;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/**
 * What launches with an {@code Idempotency-Key} have come to, kept for a day. A gateway that dies between a launch and its
 * note launches nothing twice either: of key, body and the number of the try a token is made for whoever launches. Safe for
 * use by several threads.
 */
@Component
final class LaunchKeys {

    private static final Duration AGE = Duration.ofHours(24);
    private static final int SWEEP = 1000;
    private static final int DAYS = 10;

    private final ObjectStore store;
    private final Clock clock;
    private final JsonMapper json = JsonMapper.shared();
    private final Set<String> underWay = ConcurrentHashMap.newKeySet();

    LaunchKeys(ObjectStore store, Clock clock) {
        this.store = store;
        this.clock = clock;
    }

    /**
     * What a launch has come to.
     *
     * @param fingerprint of the request
     * @param executor whose machines they are
     * @param ids of the instances; none if it was refused: the key is free then
     * @param tries that were refused
     */
    record Done(String fingerprint, String executor, List<String> ids, Instant at, int tries) {
    }

    /**
     * What a key's request has come to, now or before.
     *
     * @param isNew whether it was launched now
     */
    record Result(Done done, boolean isNew) {
    }

    /**
     * Launches once.
     *
     * @param launch gets the token of the request and try, and gives the ids
     * @throws ProblemException {@code invalid-request}, {@code idempotency-key-reused}, or {@code in-progress}
     */
    Result once(String tenant, String key, String fingerprint, String executor,
            Function<String, List<String>> launch) {
        IdempotencyKey.check(key);
        String hash = Sha256.hex(tenant + "\n" + key);
        if (!underWay.add(hash)) {
            throw IdempotencyKey.inProgress();
        }
        try {
            LocalDate today = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
            String object = ObjectKeys.launch(today, hash);
            Optional<ObjectStore.StoredObject> there = store.get(object);
            String etag = there.map(ObjectStore.StoredObject::etag).orElse(null);
            Optional<Done> before = there.or(() -> store.get(ObjectKeys.launch(today.minusDays(1), hash)))
                    .map(stored -> json.readValue(stored.bytes(), Done.class));
            int tries = before.map(Done::tries).orElse(0);
            if (before.isPresent() && !before.get().ids.isEmpty()
                    && clock.instant().isBefore(before.get().at.plus(AGE))) {
                if (!before.get().fingerprint.equals(fingerprint)) {
                    throw new ProblemException(ProblemType.IDEMPOTENCY_KEY_REUSED,
                            "This Idempotency-Key was used with another body.");
                }
                return new Result(before.get(), false);
            }
            sweep(today);
            List<String> ids;
            try {
                ids = launch.apply(Sha256.hex(hash + "\n" + fingerprint + "\n" + tries));
            } catch (ProblemException e) {
                // The same token would be answered with the same refusal.
                note(object, new Done(fingerprint, executor, List.of(), clock.instant(), tries + 1), etag);
                throw e;
            }
            Done done = new Done(fingerprint, executor, ids, clock.instant(), tries);
            note(object, done, etag);
            return new Result(done, true);
        } finally {
            underWay.remove(hash);
        }
    }

    private void note(String object, Done done, @Nullable String etag) {
        // Another gateway that was faster got the same instances by the same token.
        var _ = store.replace(object, json.writeValueAsBytes(done), etag);
    }

    /** Forgets the days before yesterday, a part at a time. */
    private void sweep(LocalDate today) {
        store.folders(ObjectKeys.launches(), null, DAYS).stream()
                .filter(day -> day.compareTo(today.minusDays(1).toString()) < 0)
                .map(day -> store.list(ObjectKeys.launch(LocalDate.parse(day), ""), null, SWEEP).stream()
                        .map(ObjectStore.Entry::key).toList())
                .forEach(store::delete);
    }
}
