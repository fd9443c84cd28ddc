package dev.wren.gateway.security;

import dev.wren.protocol.ObjectKeys;
import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Who may call.
 *
 * @param keys API keys; none: no authentication, and loopback only
 * @param tenantShare how much of what is bounded (callsets that run, submissions, waits, uploads) one tenant alone may
 * have, where there are several
 */
@ConfigurationProperties("wren.security")
@Validated
record SecuritySettings(@DefaultValue List<Key> keys,
        @DefaultValue("0.5") @DecimalMin(value = "0", inclusive = false) @DecimalMax("1") double tenantShare) {

    SecuritySettings {
        keys = List.copyOf(keys);
        Map<String, Key> byHash = new HashMap<>();
        for (Key key : keys) {
            Key same = byHash.put(key.sha256().toLowerCase(Locale.ROOT), key);
            if (same != null) {
                throw new IllegalArgumentException(
                        "wren.security.keys: " + same.name() + " and " + key.name() + " are the same key");
            }
        }
    }

    /**
     * An API key.
     *
     * @param name for people
     * @param sha256 hash of the key, hex: the key itself is kept nowhere
     * @param tenant the tenant of callers with it; lower-case letters, digits and hyphens
     */
    record Key(String name, String sha256, @DefaultValue("default") String tenant) {

        private static final Pattern HASH = Pattern.compile("[0-9a-fA-F]{64}");
        private static final Pattern TENANT = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");

        Key {
            if (!HASH.matcher(sha256).matches()) {
                throw new IllegalArgumentException(
                        "wren.security.keys: sha256 of the key " + name + " must be 64 hexadecimal digits");
            }
            if (!TENANT.matcher(tenant).matches() || ObjectKeys.NO_TENANTS.contains(tenant)) {
                throw new IllegalArgumentException("wren.security.keys: the tenant of the key " + name
                        + " must be lower-case letters, digits and hyphens, and none of " + ObjectKeys.NO_TENANTS);
            }
        }

        byte[] hash() {
            return HexFormat.of().parseHex(sha256);
        }
    }
}
