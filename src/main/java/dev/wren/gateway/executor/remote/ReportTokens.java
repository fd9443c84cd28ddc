package dev.wren.gateway.executor.remote;

import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.StoreException;
import dev.wren.protocol.ObjectKeys;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Tokens that reports of an attempt have to carry: whoever can send to the queue of reports can tell of no attempt but
 * those that he was given. The key is the store's, and made once. Safe for use by several threads.
 */
@Component
public final class ReportTokens {

    private static final String ALGORITHM = "HmacSHA256";
    private static final int KEY = 32;
    /** Bytes of the code that a token is: 128 bits cannot be guessed. */
    private static final int TOKEN = 16;

    private final ObjectStore store;
    private volatile @Nullable SecretKeySpec key;

    ReportTokens(ObjectStore store) {
        this.store = store;
    }

    /** The token of one sending of an attempt. */
    String token(String tenant, String callset, int call, int attempt, long send) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key());
            mac.update(tenant.getBytes(StandardCharsets.UTF_8));
            mac.update((byte) 0);
            mac.update(callset.getBytes(StandardCharsets.UTF_8));
            mac.update(ByteBuffer.allocate(16).putInt(call).putInt(attempt).putLong(send).flip());
            return Base64.getUrlEncoder().withoutPadding()
                    .encodeToString(Arrays.copyOf(mac.doFinal(), TOKEN));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Whether this is the attempt's token. */
    boolean isValid(String token, String tenant, String callset, int call, int attempt, long send) {
        return MessageDigest.isEqual(token.getBytes(StandardCharsets.UTF_8),
                token(tenant, callset, call, attempt, send).getBytes(StandardCharsets.UTF_8));
    }

    /** The token of machines that a gateway has launched into a pool. */
    public String pool(String pool) {
        // No tenant is called so.
        return token("*", pool, 0, 0, 0);
    }

    /** Whether this is the token of that pool. */
    public boolean isPool(String token, String pool) {
        return isValid(token, "*", pool, 0, 0, 0);
    }

    private SecretKeySpec key() {
        SecretKeySpec now = key;
        if (now == null) {
            now = load();
            key = now;
        }
        return now;
    }

    private SecretKeySpec load() {
        String name = ObjectKeys.reportKey();
        byte[] made = new byte[KEY];
        new SecureRandom().nextBytes(made);
        if (!store.putIfAbsent(name, made)) {
            made = store.get(name).orElseThrow(() -> new StoreException(name + " came and went", null)).bytes();
        }
        return new SecretKeySpec(made, ALGORITHM);
    }
}
