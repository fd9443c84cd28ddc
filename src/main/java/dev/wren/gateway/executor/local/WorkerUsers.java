package dev.wren.gateway.executor.local;

import dev.wren.protocol.jvm.OtherUser;
import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Users of the operating system that run the functions of tenants, so that these are kept from each other's files and
 * processes, and from the gateway's. Where none is configured for a tenant, the gateway's own user does. Safe for use by
 * several threads.
 */
final class WorkerUsers {

    private final Map<String, String> users;

    /**
     * Users by tenant.
     *
     * @throws IllegalStateException if there are any and the gateway cannot become another user, or there is no such one
     */
    WorkerUsers(Map<String, String> users) {
        this.users = Map.copyOf(users);
        if (!users.isEmpty() && !(isRoot() && OtherUser.isPossible())) {
            throw new IllegalStateException("users: to run functions as other users the gateway must be root, on Linux"
                    + " with setpriv");
        }
        users.forEach((tenant, user) -> {
            try {
                new OtherUser(user).check();
            } catch (IOException e) {
                throw new IllegalStateException("users." + tenant + ": there is no user " + user, e);
            }
        });
    }

    private static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }

    /** Whether any tenant has a user of its own. */
    boolean isAny() {
        return !users.isEmpty();
    }

    /** The user of a tenant; null: the gateway's own. */
    @Nullable
    OtherUser of(String tenant) {
        String user = users.get(tenant);
        return user == null ? null : new OtherUser(user);
    }
}
