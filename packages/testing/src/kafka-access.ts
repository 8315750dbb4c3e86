/** Users, rights and certificates of a run that was started with `secured`. Apart from the rest, since it loads a Kafka client. */
export { allow, CertificateAuthority, disallow, setScramPassword } from '@weir/local-stack';
export type { ScramMechanism } from '@weir/local-stack';
