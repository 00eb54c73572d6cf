
#ifdef __cplusplus
}
#endif

#endif /* BAILIWICK_H */
