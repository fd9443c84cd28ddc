package dev.wren.gateway.submission;

import dev.wren.gateway.callset.Callset;
import dev.wren.gateway.callset.CallsetSettings;
import dev.wren.gateway.callset.Callsets;
import dev.wren.gateway.callset.IdempotencyKeys;
import dev.wren.gateway.shard.HeldShards;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Takes submissions from the first byte to the durable callset, once for each idempotency key. Safe for use by several
 * threads.
 */
@Component
final class Submissions {

    private final Intake intake;
    private final Callsets callsets;
    private final IdempotencyKeys keys;
    private final HeldShards shards;
    private final CallsetSettings limits;

    Submissions(Intake intake, Callsets callsets, IdempotencyKeys keys, HeldShards shards, CallsetSettings limits) {
        this.intake = intake;
        this.callsets = callsets;
        this.keys = keys;
        this.shards = shards;
        this.limits = limits;
    }

    /**
     * A request.
     *
     * @param tenant whose it is
     * @param target its path and query, and the type of its body: with the body's bytes, what makes it the same request
     * @param key its idempotency key, or null
     * @param near a callset that is driven by the same gateway as what comes of it, always; null: none
     * @param body read to its end
     */
    record Request(String tenant, String target, @Nullable String key, @Nullable CallsetId near, InputStream body) {
    }

    /** Reads a body, and prepares and fills a draft by it. */
    @FunctionalInterface
    interface Reading {
        void read(InputStream body, Draft draft) throws IOException;
    }

    /** What a request came to: {@code created} is false if the callset is an earlier one of the same key. */
    record Accepted(Callset callset, boolean created) {
    }

    /**
     * Accepts a request.
     *
     * @throws ProblemException when it is refused; nothing is stored then, and its key stays free
     * @throws dev.wren.gateway.shard.NotHereException if another gateway is to answer it; nothing of it was read then
     */
    Accepted accept(Request request, Reading reading) throws IOException {
        String key = request.key();
        if (key == null) {
            try (Draft draft = intake.begin(request.tenant(), request.near())) {
                reading.read(request.body(), draft);
                return new Accepted(draft.submit(null), true);
            }
        }
        try (IdempotencyKeys.Claim claim = keys.claim(request.tenant(), key)) {
            MessageDigest digest = Sha256.digest();
            digest.update((request.target() + "\n").getBytes(StandardCharsets.UTF_8));
            DigestInputStream body = new DigestInputStream(request.body(), digest);
            IdempotencyKeys.Entry known = claim.known().orElse(null);
            if (known != null) {
                // Nothing of the body was read: whoever drives that callset answers.
                shards.require(known.callset().shard());
                return new Accepted(again(request.tenant(), known, body, digest), false);
            }
            try (Draft draft = intake.begin(request.tenant(), request.near())) {
                reading.read(body, draft);
                String fingerprint = Sha256.hex(digest.digest());
                return new Accepted(draft.submit(new Draft.KeyUse() {
                    @Override
                    public String hash() {
                        return claim.hash();
                    }

                    @Override
                    public void use(CallsetId callset) {
                        claim.use(callset, fingerprint);
                    }

                    @Override
                    public boolean isHere() {
                        return claim.isHere();
                    }
                }), true);
            }
        }
    }

    private Callset again(String tenant, IdempotencyKeys.Entry known, InputStream body, MessageDigest digest)
            throws IOException {
        drain(body);
        if (!known.fingerprint().equals(Sha256.hex(digest.digest()))) {
            throw ProblemException.atParameter(ProblemType.IDEMPOTENCY_KEY_REUSED, "Idempotency-Key",
                    "This key was used for a request with another body, query or path.");
        }
        try {
            // Also where the key says that it is gone: a delete that a crash has stopped may not have come so far.
            return callsets.get(tenant, known.callset().text());
        } catch (ProblemException e) {
            if (e.type() == ProblemType.NOT_FOUND) {
                throw gone(known);
            }
            throw e;
        }
    }

    private static ProblemException gone(IdempotencyKeys.Entry known) {
        return new ProblemException(ProblemType.GONE,
                "The callset " + known.callset() + " of this Idempotency-Key was deleted.");
    }

    private void drain(InputStream body) throws IOException {
        long max = limits.maxBodySize().toBytes();
        byte[] block = new byte[1 << 16];
        long size = 0;
        for (int n; (n = body.read(block)) >= 0;) {
            size += n;
            if (size > max) {
                throw new ProblemException(ProblemType.TOO_LARGE, "A body has at most " + max + " bytes.")
                        .with("limit", max);
            }
        }
    }
}
