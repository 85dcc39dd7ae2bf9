-- 0011: samples by the producer's id, for records of one file that have the same.

CREATE INDEX sample_by_ext_id ON sample (ext_id, file_id) WHERE ext_id IS NOT NULL;
