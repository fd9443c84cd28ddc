package dev.wren.protocol.jvm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.UserPrincipal;
import java.util.List;

/**
 * A user of the operating system, other than this process's, that a process runs as. To become one, this process is root,
 * or has the capabilities {@code CAP_SETUID}, {@code CAP_SETGID} and {@code CAP_CHOWN}, and {@code CAP_KILL} to end what it
 * has started, on Linux.
 *
 * @param name as the system knows it
 */
public record OtherUser(String name) {

    private static final Path SETPRIV = Path.of("/usr/bin/setpriv");
    private static final Path PASSWD = Path.of("/etc/passwd");

    /** Whether the system has what it takes. */
    public static boolean isPossible() {
        return Files.isExecutable(SETPRIV);
    }

    /**
     * Looks whether there is such a user.
     *
     * @throws IOException if not
     */
    public void check() throws IOException {
        principal();
    }

    private UserPrincipal principal() throws IOException {
        return Path.of("/").getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(name);
    }

    /** What comes before a command, so that it runs as this user, in the user's groups alone, with no capability. */
    public List<String> command() {
        return List.of(SETPRIV.toString(), "--reuid", name, "--regid", group(), "--init-groups", "--inh-caps=-all",
                "--no-new-privs", "--");
    }

    /** The primary group's number: its name may be another than the user's. */
    private String group() {
        try {
            return Files.readAllLines(PASSWD).stream()
                    .map(line -> line.split(":"))
                    .filter(fields -> fields.length > 3 && fields[0].equals(name))
                    .map(fields -> fields[3])
                    .findFirst()
                    .orElseThrow(() -> new IOException("no such line in " + PASSWD));
        } catch (IOException e) {
            throw new IllegalStateException("the group of the user " + name + " is not known", e);
        }
    }

    /** Makes a file, or a folder with all that is in it, the user's. */
    public void give(Path root) throws IOException {
        UserPrincipal owner = principal();
        Folders.each(root, path -> Files
                .getFileAttributeView(path, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS).setOwner(owner));
    }
}
