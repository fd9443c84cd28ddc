package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.wren.protocol.Sha256;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/** Tenants whose functions run as users of their own, and who has changed what. */
class UsersIT {

    private static final String[] RED = {"Authorization", "Bearer red"};
    private static final String[] BLUE = {"Authorization", "Bearer blue"};
    private static final String[] KEYS = {"--wren.security.keys[0].name=reds key", "--wren.security.keys[0].tenant=red",
            "--wren.security.keys[0].sha256=" + Sha256.hex("red"), "--wren.security.keys[1].name=blues key",
            "--wren.security.keys[1].tenant=blue", "--wren.security.keys[1].sha256=" + Sha256.hex("blue")};

    private static String[] with(String... more) {
        String[] all = Arrays.copyOf(KEYS, KEYS.length + more.length);
        System.arraycopy(more, 0, all, KEYS.length, more.length);
        return all;
    }

    private static boolean canBecomeAnother() {
        return System.getProperty("user.name").equals("root") && Files.isExecutable(Path.of("/usr/bin/setpriv"));
    }

    private static JsonNode whoAmI(Http http, String[] key, String... paths) {
        String map = "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.WhoAmI\"},\"iterdata\":[[\""
                + String.join("\",\"", paths) + "\"]]}";
        String id = http.post("/calls", map, key).json().path("callsetId").asString();
        Http.Answer answer = http.get("/calls/" + id + "/00000/result", key);
        assertThat(answer.status()).as(answer.text()).isEqualTo(200);
        return answer.json();
    }

    @Test
    void a_tenants_functions_run_as_its_user(@TempDir Path folder) throws Exception {
        Assumptions.assumeTrue(canBecomeAnother(), "to become another user takes root and setpriv");
        // Else the folder above is what keeps others out.
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path store = folder.resolve("store");
        String gateway = "/proc/" + ProcessHandle.current().pid() + "/environ";
        try (RunningGateway running = RunningGateway.start(store,
                with("--wren.executors.local.users.red=nobody",
                        "--wren.jars.cache-folder=" + folder.resolve("jars")))) {
            Http http = running.http();
            http.putJar("fn", RunningGateway.FUNCTIONS, RED);
            http.putJar("fn", RunningGateway.FUNCTIONS, BLUE);
            JsonNode red = whoAmI(http, RED, store.toString(), folder.resolve("jars").toString(), gateway,
                    "/etc/passwd");
            assertThat(red.get(0).asInt()).isEqualTo(65534);
            assertThat(red.get(1).toString()).isEqualTo("[false,false,false,true]");
            JsonNode blue = whoAmI(http, BLUE, store.toString(), folder.resolve("jars").toString(), gateway);
            assertThat(blue.toString()).isEqualTo("[0,[true,true,true]]");
        }
    }

    @Test
    void a_user_that_there_is_not_stops_the_start(@TempDir Path store) {
        assertThatThrownBy(() -> RunningGateway.start(store, with("--wren.executors.local.users.red=nobody-at-all"))
                .close()).hasStackTraceContaining(canBecomeAnother()
                        ? "users.red: there is no user nobody-at-all"
                        : "the gateway must be root");
    }

    @Test
    void each_change_is_told_of_with_the_name_of_its_key(@TempDir Path store) {
        // Logback is one for the JVM, and a gateway that starts meanwhile would take the appender away.
        synchronized (RunningGateway.class) {
            assertThat(told(store)).containsExactly("key reds key of tenant red: PUT /jars/fn 201",
                    "key reds key of tenant red: DELETE /jars/fn 204");
        }
    }

    private static List<String> told(Path store) {
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        Logger audit = (Logger) LoggerFactory.getLogger("dev.wren.audit");
        try (RunningGateway running = RunningGateway.start(store, KEYS)) {
            audit.addAppender(lines);
            lines.start();
            Http http = running.http();
            http.putJar("fn", RunningGateway.FUNCTIONS, RED);
            http.get("/jars/fn", RED);
            http.post("/wait", "{}", RED);
            http.delete("/jars/fn", BLUE);
            http.delete("/jars/fn", "Authorization", "Bearer other");
            http.delete("/jars/fn", RED);
        } finally {
            audit.detachAppender(lines);
        }
        return lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }
}
