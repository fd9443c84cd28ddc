package dev.wren.gateway.store.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wren.BesideOthers;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.ObjectStoreContract;
import dev.wren.gateway.store.StoreException;
import java.time.Clock;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.s3.S3Client;

/** The contract on a server of another make, whose races are its own. */
@BesideOthers
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

    /** As old or simple servers do it: they take the header, and write. Here no signature keeps it from being removed. */
    @ParameterizedTest
    @ValueSource(strings = {"if-none-match", "if-match"})
    void a_server_that_does_not_honour_conditions_is_refused(String header) throws Exception {
        String bucket = server.newBucket();
        try (FaultProxy proxy = FaultProxy.before(server.endpoint().getPort())) {
            proxy.without(header);
            assertThatThrownBy(() -> S3Stores.open(proxy.endpoint(), "s3://" + bucket, S3Stores.settings(),
                    Clock.systemUTC())).isInstanceOf(StoreException.class).hasMessageContaining("does not honour");
        }
        try (S3Client client = S3Server.client(server.endpoint())) {
            assertThat(client.listObjectsV2(list -> list.bucket(bucket)).contents()).isEmpty();
        }
    }
}
