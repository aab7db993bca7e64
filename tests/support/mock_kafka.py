"""librdkafka's mock cluster in the test's own process: a Kafka that answers as the test wants it to.

Starts in milliseconds and can say what no real broker can be brought to say at a wanted moment.  It proves no
durability, has no Admin API and stamps records with the producer's time.
"""
import ctypes

_LIBRARY = ctypes.CDLL("librdkafka.so.1")
_PRODUCER = 0
PRODUCE, FETCH, METADATA, OFFSET_COMMIT, HEARTBEAT, INIT_PRODUCER_ID = 0, 1, 3, 8, 12, 22

_HANDLE = ctypes.c_void_p
for _name, _result, _arguments in (
        ("rd_kafka_conf_new", _HANDLE, []),
        ("rd_kafka_conf_set", ctypes.c_int, [_HANDLE, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t]),
        ("rd_kafka_new", _HANDLE, [ctypes.c_int, _HANDLE, ctypes.c_char_p, ctypes.c_size_t]),
        ("rd_kafka_destroy", None, [_HANDLE]),
        ("rd_kafka_mock_cluster_new", _HANDLE, [_HANDLE, ctypes.c_int]),
        ("rd_kafka_mock_cluster_destroy", None, [_HANDLE]),
        ("rd_kafka_mock_cluster_bootstraps", ctypes.c_char_p, [_HANDLE]),
        ("rd_kafka_mock_topic_create", ctypes.c_int, [_HANDLE, ctypes.c_char_p, ctypes.c_int, ctypes.c_int]),
        ("rd_kafka_mock_broker_set_rtt", ctypes.c_int, [_HANDLE, ctypes.c_int32, ctypes.c_int]),
        ("rd_kafka_mock_broker_set_down", ctypes.c_int, [_HANDLE, ctypes.c_int32]),
        ("rd_kafka_mock_broker_set_up", ctypes.c_int, [_HANDLE, ctypes.c_int32]),
        ("rd_kafka_mock_clear_request_errors", None, [_HANDLE, ctypes.c_int16]),
        ("rd_kafka_mock_push_request_errors_array", None,
         [_HANDLE, ctypes.c_int16, ctypes.c_size_t, ctypes.POINTER(ctypes.c_int)])):
    _function = getattr(_LIBRARY, _name)
    _function.restype, _function.argtypes = _result, _arguments


class MockKafka:
    """One broker; `address`, `replication` and `create_topics` as the real ones have them."""

    replication = 1

    def __init__(self):
        conf = _LIBRARY.rd_kafka_conf_new()
        _LIBRARY.rd_kafka_conf_set(conf, b"log_level", b"2", None, 0)
        self._host = _LIBRARY.rd_kafka_new(_PRODUCER, conf, None, 0)
        self._cluster = _LIBRARY.rd_kafka_mock_cluster_new(self._host, 1)
        self.address = _LIBRARY.rd_kafka_mock_cluster_bootstraps(self._cluster).decode()

    def create_topics(self, names, partitions=2):
        for name in names:
            assert _LIBRARY.rd_kafka_mock_topic_create(self._cluster, name.encode(), partitions, 1) == 0

    def delay(self, seconds):
        """Every answer is that late."""
        _LIBRARY.rd_kafka_mock_broker_set_rtt(self._cluster, 1, int(seconds * 1000))

    def down(self):
        """Connections break and none is taken."""
        _LIBRARY.rd_kafka_mock_broker_set_down(self._cluster, 1)

    def up(self):
        _LIBRARY.rd_kafka_mock_broker_set_up(self._cluster, 1)

    def fail(self, api, *codes):
        """The next requests of this kind are answered with these errors, one each."""
        _LIBRARY.rd_kafka_mock_push_request_errors_array(self._cluster, api, len(codes),
                                                         (ctypes.c_int * len(codes))(*codes))

    def forget_failures(self, api):
        _LIBRARY.rd_kafka_mock_clear_request_errors(self._cluster, api)

    def remove(self):
        _LIBRARY.rd_kafka_mock_cluster_destroy(self._cluster)
        _LIBRARY.rd_kafka_destroy(self._host)
