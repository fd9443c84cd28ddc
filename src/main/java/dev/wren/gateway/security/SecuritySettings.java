package dev.wren.gateway.security;

import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Who may call.
 *
 * @param keys API keys; none: no authentication, and loopback only
 */
@ConfigurationProperties("wren.security")
record SecuritySettings(@DefaultValue List<Key> keys) {

    SecuritySettings {
        keys = List.copyOf(keys);
    }

    /**
     * An API key.
     *
     * @param name for people
     * @param sha256 hash of the key, hex: the key itself is kept nowhere
     * @param tenant whom callers with it belong to; lower-case letters, digits and hyphens
     */
    record Key(String name, String sha256, @DefaultValue("default") String tenant) {

        private static final Pattern HASH = Pattern.compile("[0-9a-fA-F]{64}");
        private static final Pattern TENANT = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");

        Key {
            if (!HASH.matcher(sha256).matches()) {
                throw new IllegalArgumentException(
                        "wren.security.keys: sha256 of the key " + name + " must be 64 hexadecimal digits");
            }
            if (!TENANT.matcher(tenant).matches() || tenant.equals("shards") || tenant.equals("instances")) {
                throw new IllegalArgumentException("wren.security.keys: the tenant of the key " + name
                        + " must be lower-case letters, digits and hyphens, and not shards or instances");
            }
        }

        byte[] hash() {
            return HexFormat.of().parseHex(sha256);
        }
    }
}
