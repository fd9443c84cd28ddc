package dev.wren.gateway.store.s3;

import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.ObjectStoreContract;
import java.time.Clock;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.jspecify.annotations.Nullable;

/** The contract on a server of another make, whose races are its own. */
class MotoIT extends ObjectStoreContract {

    private static @Nullable MotoServer server;

    @BeforeAll
    static void startServer() throws Exception {
        server = MotoServer.start();
    }

    @AfterAll
    static void stopServer() {
        if (server != null) {
            server.close();
        }
    }

    @Override
    protected ObjectStore open() {
        return S3Stores.open(server.endpoint(), "s3://" + server.newBucket() + "/a/store",
                S3Stores.settings("request-timeout", "20s"), Clock.systemUTC());
    }
}
