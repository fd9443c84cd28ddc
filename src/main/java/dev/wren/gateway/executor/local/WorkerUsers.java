package dev.wren.gateway.executor.local;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.UserPrincipal;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Users of the operating system that run the functions of tenants, so that these are kept from each other's files and
 * processes, and from the gateway's. Where none is configured for a tenant, the gateway's own user does. Safe for use by
 * several threads.
 */
final class WorkerUsers {

    private static final Path SETPRIV = Path.of("/usr/bin/setpriv");

    private final Map<String, String> users;

    /**
     * Users by tenant.
     *
     * @throws IllegalStateException if there are any and the gateway cannot become another user, or there is no such one
     */
    WorkerUsers(Map<String, String> users) {
        this.users = Map.copyOf(users);
        if (!users.isEmpty() && !(isRoot() && Files.isExecutable(SETPRIV))) {
            throw new IllegalStateException("users: to run functions as other users the gateway must be root, on Linux"
                    + " with " + SETPRIV);
        }
        users.forEach((tenant, user) -> {
            try {
                principal(user);
            } catch (IOException e) {
                throw new IllegalStateException("users." + tenant + ": there is no user " + user, e);
            }
        });
    }

    private static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }

    private static UserPrincipal principal(String user) throws IOException {
        UserPrincipalLookupService names = Path.of("/").getFileSystem().getUserPrincipalLookupService();
        return names.lookupPrincipalByName(user);
    }

    /** Whether any tenant has a user of its own. */
    boolean isAny() {
        return !users.isEmpty();
    }

    /** The user of a tenant; null: the gateway's own. */
    @Nullable
    String of(String tenant) {
        return users.get(tenant);
    }

    /** What comes before a command, so that it runs as {@code user}, in the user's groups alone. */
    static List<String> command(String user) {
        return List.of(SETPRIV.toString(), "--reuid", user, "--regid", user(user), "--init-groups", "--no-new-privs",
                "--");
    }

    /** The primary group's number: its name may be another than the user's. */
    private static String user(String user) {
        try {
            Path passwd = Path.of("/etc/passwd");
            return Files.readAllLines(passwd).stream()
                    .map(line -> line.split(":"))
                    .filter(fields -> fields.length > 3 && fields[0].equals(user))
                    .map(fields -> fields[3])
                    .findFirst()
                    .orElseThrow(() -> new IOException("no such line in " + passwd));
        } catch (IOException e) {
            throw new IllegalStateException("the group of the user " + user + " is not known", e);
        }
    }

    /** Makes a folder with all that is in it the user's. */
    static void give(Path folder, String user) throws IOException {
        UserPrincipal owner = principal(user);
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.getFileAttributeView(file, PosixFileAttributeView.class).setOwner(owner);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
                    throws IOException {
                if (failure != null) {
                    throw failure;
                }
                Files.getFileAttributeView(directory, PosixFileAttributeView.class).setOwner(owner);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
